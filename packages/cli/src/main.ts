#!/usr/bin/env node
import { processConsole } from "./process-console.ts";
import { runCli } from "./program.ts";

process.setSourceMapsEnabled(true);
const console = processConsole();
const code = await runCli(process.argv.slice(2), console);
// What a command leaves behind, such as an open connection, must not keep the process; what it printed must be out.
await console.flush();
process.exit(code);
