import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./bench.ts";
import { Child, type ChildOptions } from "./child.ts";

/** A run of one job on an embedded cluster. */
export interface JobRun {
  readonly engine: Engine;
  /** Name of a file in `src/jobs`, without `.ts`. */
  readonly job: string;
  readonly master: string;
  /** It ends after so many; without, when it is stopped. */
  readonly batches?: number;
  readonly conf?: Readonly<Record<string, string>>;
  readonly args?: readonly (string | number)[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The path of a job's source. Jobs are always those of this checkout, whichever engine runs them: both sides of a
 * comparison do the same.
 */
export function jobFile(job: string): string {
  return fileURLToPath(new URL(`../src/jobs/${job}.ts`, import.meta.url));
}

/** The compiled command, without the check for stale files of `scripts/millrace`. */
export const commandOf = (engine: Engine): string => join(engine.root, "packages/cli/dist/main.js");

/** Starts `millrace run`. */
export function startJob(run: JobRun, options: Omit<ChildOptions, "args"> = {}): Child {
  const conf = Object.entries(run.conf ?? {}).flatMap(([key, value]) => ["--conf", `${key}=${value}`]);
  const args = run.args === undefined ? [] : ["--", ...run.args.map(String)];
  return new Child({
    args: [
      commandOf(run.engine),
      "run",
      jobFile(run.job),
      ...["--master", run.master],
      ...(run.batches === undefined ? [] : ["--batches", String(run.batches)]),
      ...conf,
      ...args,
    ],
    cwd: fileURLToPath(new URL("..", import.meta.url)), // where the packages are that jobs need
    ...(run.env === undefined ? {} : { env: run.env }),
    ...options,
  });
}

/** Runs a job to its end and returns its reports. */
export async function runJob(run: JobRun): Promise<Child["reports"]> {
  const child = startJob(run);
  try {
    await child.done;
  } finally {
    await child.stop();
  }
  return child.reports;
}
