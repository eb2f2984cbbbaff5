/** What tests of jobs import: `import { testJob } from "millrace/testing"`. */
export * from "@millrace/testing";
