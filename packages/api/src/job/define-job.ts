import { clauseOf, type DurationLike, EngineError, type Millis, parseDuration } from "@millrace/base";
import { badJobOptions, notAJob } from "../errors.ts";
import type { StreamingContext } from "./streaming-context.ts";

/** What is known of a job before its streams are declared. */
export interface JobOptions {
  /** What the operator sees. */
  readonly name: string;
  /** `"1s"`, `"500ms"`, `seconds(1)` or a number of milliseconds. */
  readonly batchInterval: DurationLike;
  /** Where state is kept; the driver's data directory by default. */
  readonly checkpointDir?: string | undefined;
  /** Settings, as `--conf` gives them; those win over these. */
  readonly conf?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** Declares the graph. Runs on the driver at every start and restart; may be async. */
export type BuildJob = (ssc: StreamingContext, args: readonly string[]) => unknown;

const JOB: unique symbol = Symbol.for("millrace.jobDefinition") as never; // a registered symbol has no literal type

/** A job: the default export of its module. */
export interface JobDefinition {
  readonly [JOB]: true;
  /** As they were given. */
  readonly options: JobOptions;
  /** Milliseconds between two batches. */
  readonly batchInterval: Millis;
  /** Declares the streams; called by the engine. */
  readonly build: BuildJob;
}

const OPTION_NAMES: readonly string[] = ["name", "batchInterval", "checkpointDir", "conf"];

/**
 * Makes a job of its options and of the function that declares its streams. Export the result as default.
 *
 * @throws BAD_JOB_OPTIONS, BAD_DURATION Names the option and what would be right.
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
  // Alone, it is what it is everywhere.
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
 * The job that a module exports.
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
