export type { Master } from "./embedded/master.ts";
export { type RunEmbeddedOptions, runEmbedded } from "./embedded/run-embedded.ts";
export { type DriverOptions, DriverSupervisor } from "./supervisor/supervisor.ts";
