/** The module that tests of jobs import: `import { testJob } from "millrace/testing"`. */

export type { ContractCase, FileSystemPlace } from "./files/contract-case.ts";
export { fileSystemContract } from "./files/file-system-contract.ts";
export { type TestJob, type TestJobOptions, testJob } from "./job/test-job.ts";
