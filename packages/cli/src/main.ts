#!/usr/bin/env node
import { describeThrown, EngineError, invariantBroken } from "@millrace/base";
import { describeFailure, EXIT } from "./failure.ts";
import { processConsole } from "./process-console.ts";
import { runCli } from "./program.ts";

process.setSourceMapsEnabled(true);
// User code runs in threads or processes of its own, so an uncaught error here is a defect of the engine.
process.on("uncaughtException", (error) => {
  const known = error instanceof EngineError ? error : defect(error);
  process.stderr.write(describeFailure(known, process.argv.includes("--verbose")));
  process.exit(EXIT.failed);
});
const console = processConsole();
const code = await runCli(process.argv.slice(2), console);
// Leftovers of a command, such as an open connection, must not keep the process alive; its output must be flushed.
process.exit(await console.flush(code));

function defect(cause: unknown): EngineError {
  return invariantBroken(
    `the command was ended by an error that nothing caught: ${describeThrown(cause)}. This is a defect of the engine: please report it, with what it prints when run again with --verbose.`,
    { cause },
  );
}
