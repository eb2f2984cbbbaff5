export type { Console } from "./console.ts";
export type { Engine, Interrupts } from "./engine.ts";

export { runCli } from "./program.ts";
