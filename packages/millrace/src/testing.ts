/**
 * What tests of jobs import: `import { testJob } from "millrace/testing"`.
 *
 * @module millrace/testing
 */
export * from "@millrace/testing";
