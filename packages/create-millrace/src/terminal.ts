import { spawn } from "node:child_process";
import type { CreateTerminal } from "./create.ts";
import { asking } from "./questions.ts";

/** The real one. */
export function terminal(version: string): CreateTerminal {
  return {
    version,
    cwd: workingDirectory(),
    env: process.env,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    ask: asking(process.stdin, process.stdout),
    run,
  };
}

function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // it was removed since
  }
}

function run(command: string, args: readonly string[], folder: string): Promise<boolean> {
  return new Promise((resolve) => {
    const shell = process.platform === "win32"; // npm is a script there
    const child = spawn(command, args, { cwd: folder, stdio: "inherit", shell });
    child.once("error", (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(false);
    });
    child.once("close", (code) => resolve(code === 0));
  });
}
