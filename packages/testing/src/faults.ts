/** For the engine's own tests: runs a job in the thread of its test while chosen operations of the engine fail. */
export type { Faults } from "./job/faults.ts";
export { testJobUnder } from "./job/test-job.ts";
