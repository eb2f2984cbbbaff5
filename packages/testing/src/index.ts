/** The module that tests of jobs import: `import { testJob } from "millrace/testing"`. */

export type { ContractCase, FileSystemPlace } from "./files/contract-case.ts";
export { fileSystemContract } from "./files/file-system-contract.ts";
export { type TestJob, type TestJobOptions, testJob } from "./job/test-job.ts";
export { type SinkPlace, sinkContract } from "./sinks/sink-contract.ts";
export {
  type ReceiverClass,
  type ReceiverContractOptions,
  type ReceiverPlace,
  receiverContract,
} from "./sources/receiver-contract.ts";
export { type SourcePlace, sourceContract } from "./sources/source-contract.ts";
