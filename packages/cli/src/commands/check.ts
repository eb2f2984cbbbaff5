import type { Command } from "commander";
import { type Console, outJson, tell } from "../console.ts";

interface CheckOptions {
  readonly json?: true;
}

export function registerCheck(program: Command, console: Console): Command {
  return program
    .command("check")
    .argument("<job>", "the job's file, such as chat-room.ts")
    .option("--json", "print JSON for programs")
    .description("find everything that can be known without running: types, syntax, captures, imports")
    .action(async (file: string, options: CheckOptions) => {
      const job = await console.engine.check(file, (step) => tell(console, step));
      if (options.json) return outJson(console, job);
      const files = job.files === 1 ? "1 file" : `${job.files} files`;
      return console.out(`${job.entry}: nothing wrong (${files}, ${job.functions} functions and classes that ship)\n`);
    });
}
