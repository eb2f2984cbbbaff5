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
    .description(
      "find what can be known without running: syntax, types, imports; what functions capture shows when the job starts",
    )
    .action(async (file: string, options: CheckOptions) => {
      const job = await console.engine.check(file, (step) => tell(console, step));
      if (options.json) return outJson(console, job);
      const files = job.files === 1 ? "" : ` and the ${job.files - 1} of its own that it imports`;
      return console.out(
        `${job.entry}${files}: nothing wrong. What its functions capture is checked when the job starts.\n`,
      );
    });
}
