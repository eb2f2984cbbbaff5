#!/usr/bin/env node
import { processConsole } from "./process-console.ts";
import { runCli } from "./program.ts";

process.setSourceMapsEnabled(true);
const code = await runCli(process.argv.slice(2), processConsole());
// What a command leaves behind, such as an open connection, must not keep the process; what it printed must be out.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
