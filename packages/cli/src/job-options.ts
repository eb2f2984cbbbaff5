import type { Command } from "commander";
import { addSetting } from "./values.ts";

/** Options of every command that starts a job. */
export interface JobFlags {
  /** Absent if none is given. */
  readonly conf?: Readonly<Record<string, string>>;
}

/** `JOB`, its arguments and `--conf`. */
export function withJob(command: Command): Command {
  return command
    .argument("<job>", "the job's file, such as chat-room.ts")
    .argument("[args...]", "arguments for the job, after --")
    .option("--conf <name=value>", "set a setting of docs/configuration.md; may be repeated", addSetting);
}
