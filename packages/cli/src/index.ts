export type { Console } from "./console.ts";
export type { Engine, Interrupts } from "./engine.ts";
export { parseMaster } from "./master.ts";
export { processConsole } from "./process-console.ts";
export { runCli } from "./program.ts";
