/** What tests of jobs import: `import { testJob } from "millrace/testing"`. */
export { type TestJob, type TestJobOptions, testJob } from "./job/test-job.ts";
