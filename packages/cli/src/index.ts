export type { Console } from "./console.ts";
export type { Engine, Interrupts } from "./engine.ts";

/** @public By `npm start`, which finds it by its path. */
export { processConsole } from "./process-console.ts";
export { runCli } from "./program.ts";
