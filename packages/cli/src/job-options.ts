import type { Command } from "commander";
import { addSetting } from "./values.ts";

/** Options of every command that starts a job. */
export interface JobFlags {
  /** Absent if none is given. */
  readonly conf?: Readonly<Record<string, string>>;
}

/** Options of every command that runs a job. */
export interface RunFlags extends JobFlags {
  /** Absent if none is given. */
  readonly drop?: readonly string[];
  readonly availableNow?: true;
}

/** The same as {@link withJob}, and how it begins and ends. */
export function withRunnableJob(command: Command): Command {
  return withJob(command)
    .option(
      "--drop <name>",
      "drop what the checkpoint has under this name, if the job does not take it over; may be repeated",
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option("--available-now", "read what the sources hold at the start, commit it, and end");
}

/** `JOB`, its arguments and `--conf`. */
export function withJob(command: Command): Command {
  return withConf(
    command
      .argument("<job>", "the job's file, such as chat-room.ts")
      .argument("[args...]", "arguments for the job, after --"),
  );
}

/** `--conf` */
export function withConf(command: Command): Command {
  return command.option("--conf <name=value>", "set a setting of docs/configuration.md; may be repeated", addSetting);
}
