// A job on a cluster of its own, `@millrace/driver/embedded`.
export type { Master } from "./embedded/master.ts";
export { type RunEmbeddedOptions, runEmbedded } from "./embedded/run-embedded.ts";
