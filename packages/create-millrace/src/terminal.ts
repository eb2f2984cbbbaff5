import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { CreateTerminal } from "./create.ts";

/** The real one. */
export function terminal(version: string): CreateTerminal {
  return {
    version,
    cwd: process.cwd(),
    env: process.env,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    ask,
    run,
  };
}

function ask(question: string): Promise<string | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise((resolve) => {
    reader.once("close", () => resolve(undefined)); // also after an answer, which has won by then
    reader.question(question, (answer) => {
      resolve(answer);
      reader.close();
    });
  });
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
