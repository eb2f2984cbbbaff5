import { resolve } from "node:path";
import type { Command } from "commander";
import { addSetting, checkConf } from "./values.ts";

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
  readonly fromSavepoint?: string;
}

/** The settings of a run, with those that have an option of their own. @throws BAD_CONFIGURATION */
export function runConf({ conf, fromSavepoint }: RunFlags): Readonly<Record<string, string>> {
  if (fromSavepoint === undefined) return checkConf(conf);
  // The driver may have another working directory.
  const savepoint = /^[a-z][a-z0-9+.-]+:/i.test(fromSavepoint) ? fromSavepoint : resolve(fromSavepoint);
  return checkConf({ ...conf, "checkpoint.from": savepoint });
}

/** The same as {@link withJob}, and how it begins and ends. */
export function withRunnableJob(command: Command): Command {
  return withJob(command)
    .option(
      "--drop <name>",
      "drop what the checkpoint has under this name, if the job does not take it over; may be repeated",
      (name: string, before: readonly string[] = []) => [...before, name],
    )
    .option("--from-savepoint <dir>", "start from this savepoint, in an empty checkpoint directory")
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
