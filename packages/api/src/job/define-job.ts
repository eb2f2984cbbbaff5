import { clauseOf, type DurationLike, EngineError, type Millis, parseDuration } from "@millrace/base";
import { badJobOptions, notAJob } from "../errors.ts";
import type { StreamingContext } from "./streaming-context.ts";

/** The options of a job, known before its streams are declared. */
export interface JobOptions {
  /** The job's name for the operator; not empty. */
  readonly name: string;
  /** The time between two batches: `"1s"`, `"500ms"`, `seconds(1)` or a number of milliseconds. */
  readonly batchInterval: DurationLike;
  /** The directory of state, on storage that all processes share; in the driver's data directory by default. */
  readonly checkpointDir?: string | undefined;
  /** Settings; those given with `--conf` override them. */
  readonly conf?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Declares the streams and outputs of a job. Runs on the driver at each start; may be async. */
export type BuildJob = (ssc: StreamingContext, args: readonly string[]) => unknown;

const JOB: unique symbol = Symbol.for("millrace.jobDefinition") as never; // a registered symbol has no literal type

/** A job: the default export of its module. */
export interface JobDefinition {
  readonly [JOB]: true;
  /** The options passed to `defineJob`. */
  readonly options: JobOptions;
  /** Milliseconds between two batches. */
  readonly batchInterval: Millis;
  /** Declares the streams; called by the engine. */
  readonly build: BuildJob;
}

const OPTION_NAMES: readonly string[] = ["name", "batchInterval", "checkpointDir", "conf"];

/**
 * Defines a job by its options and the function that declares its streams. Make the result the default export of the module.
 *
 * @throws BAD_JOB_OPTIONS, BAD_DURATION The message names each wrong option and what it must be.
 */
export function defineJob(options: JobOptions, build: BuildJob): JobDefinition {
  if (typeof options !== "object" || options === null) {
    throw badJobOptions(
      'defineJob takes options and a function: defineJob({ name: "…", batchInterval: "1s" }, (ssc) => …).',
    );
  }
  const { name, batchInterval, checkpointDir } = options;
  const interval = batchInterval === undefined ? undefined : intervalOf(batchInterval);
  const unknown = Object.keys(options).filter((key) => !OPTION_NAMES.includes(key));
  const problems = [
    ...unknown.map((key) => `there is no option ${JSON.stringify(key)}`),
    ...(typeof name === "string" && name.trim() !== "" ? [] : ["name must be a non-empty string"]),
    ...(interval === undefined ? ['batchInterval is missing, such as "1s"'] : []),
    ...(interval instanceof EngineError ? [clauseOf(interval.message.replace(`[${interval.code}] `, ""))] : []),
    ...(checkpointDir === undefined || (typeof checkpointDir === "string" && checkpointDir !== "")
      ? []
      : ["checkpointDir must be a directory"]),
    ...(typeof build === "function" ? [] : ["the second argument must be the function that declares the streams"]),
  ];
  // If the interval is the only mistake, keep its own error code.
  if (interval instanceof EngineError && problems.length === 1) throw interval;
  if (problems.length > 0 || interval === undefined || interval instanceof EngineError) {
    throw badJobOptions(`defineJob: ${problems.join("; ")}. The options are ${OPTION_NAMES.join(", ")}.`);
  }
  return { [JOB]: true, options, batchInterval: interval, build };
}

function intervalOf(given: DurationLike): Millis | EngineError {
  try {
    return parseDuration(given, "batchInterval");
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
}

/**
 * Checks that a module exports a job.
 *
 * @param exported Its default export.
 * @throws NOT_A_JOB It is something else.
 */
export function asJob(exported: unknown): JobDefinition {
  if (typeof exported === "object" && exported !== null && JOB in exported) {
    return exported as JobDefinition; // only defineJob sets this symbol
  }
  throw notAJob(
    `the job's default export is ${exported === undefined ? "missing" : `of type ${typeof exported}`}, not what defineJob returns. ` +
      "Write: export default defineJob({ name, batchInterval }, (ssc) => { … }).",
  );
}
