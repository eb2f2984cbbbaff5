export type { Console } from "./console.ts";
export type { Engine, Interrupts, Operator } from "./engine.ts";
export { type Master, parseMaster } from "./master.ts";
export { processConsole } from "./process-console.ts";
export { runCli } from "./program.ts";
