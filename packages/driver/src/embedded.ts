// A job on a cluster of its own, `@millrace/driver/embedded`.
export type { Connection } from "@millrace/api/engine";
export { type DeclaredJob, type DeclareOptions, declareJob } from "./embedded/declare-job.ts";
export type { Master } from "./embedded/master.ts";
export { type RunEmbeddedOptions, type RunFailure, runEmbedded } from "./embedded/run-embedded.ts";
