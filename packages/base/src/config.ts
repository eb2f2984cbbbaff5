import { createRequire } from "node:module";
import { parseDuration } from "./duration.ts";
import { EngineError, errorKind } from "./errors.ts";
import { parseSize } from "./size.ts";

export const badConfiguration = errorKind("BAD_CONFIGURATION", "user");

const require = createRequire(import.meta.url);

/** Loaded when settings are first read: slot threads and executors get theirs read already, and it takes a tenth of a second. */
const loadZod = (): typeof import("zod") => require("zod");

let described: ReturnType<typeof describeSettings> | undefined;

/**
 * Every setting a job may have (`--conf key=value`, or `conf` of `defineJob`), with its default. The names are the
 * contract; `docs/configuration.md` lists them and a script holds the two together.
 */
export function settings(): ReturnType<typeof describeSettings> {
  described ??= describeSettings(loadZod().z);
  return described;
}

function describeSettings(z: Zod) {
  const duration = parsedBy(z, (value) => parseDuration(value));
  const size = parsedBy(z, (value) => parseSize(value));
  const count = z.coerce.number().int().positive();
  return {
    /** Partitions of a shuffle, and of `parallelize`, when none is given. 0: the slots of the cluster at the start. */
    "default.parallelism": z.coerce.number().int().min(0).max(4096).default(0),
    /** Attempts of one task before its batch fails. */
    "task.attempts.max": count.default(4),
    /** How long a running task is given to notice that it is cancelled before its thread is ended. */
    "task.cancel.grace": duration.default(parseDuration("2s")),
    /** A receiver closes a block at least this often. 0: a fifth of the batch interval, 5 to 200 ms. */
    "receiver.block.interval": z.union([z.literal(0), z.literal("0").transform(() => 0), duration]).default(0),
    /** Received records that may wait for a batch, per receiver, before it is held back. */
    "receiver.buffer.bytes": size.default(parseSize("64m")),
    /** First pause before a source that is down is tried again; it doubles at each failure. */
    "receiver.restart.delay.min": duration.default(parseDuration("200ms")),
    "receiver.restart.delay.max": duration.default(parseDuration("30s")),
    /** Batches whose input is fixed ahead of the one that runs. */
    "batches.planned.max": count.default(2),
    /** `stop`: a failed batch ends the job. `continue`: later batches go on without it. */
    "batch.failure": z.enum(["stop", "continue"]).default("stop"),
    /** Memory that blocks may take in each executor process before they go to disk. */
    "storage.pool.bytes": size.default(parseSize("256m")),
    /** Memory one task's grouping or combining may take before it spills. */
    "shuffle.spill.bytes": size.default(parseSize("64m")),
    /** The heap of each slot's thread, and of the job's driver thread. */
    "executor.slot.heap": size.default(parseSize("512m")),
    "driver.heap": size.default(parseSize("1g")),
    /** Results one action may bring to the driver. */
    "driver.result.bytes.max": size.default(parseSize("1g")),
    /** An executor that has not been heard of for this long is lost. */
    "executor.timeout": duration.default(parseDuration("10s")),
    /** How long a graceful stop may take before it becomes an immediate one. */
    "stop.timeout": duration.default(parseDuration("60s")),
  } as const;
}

type Zod = typeof import("zod").z;
type Described = ReturnType<typeof describeSettings>;
export type SettingName = keyof Described;
export type JobConf = { readonly [Name in SettingName]: ReturnType<Described[Name]["parse"]> };

/**
 * Checks all settings at once.
 *
 * @throws BAD_CONFIGURATION Names every unknown or wrong setting, each with what would be right.
 */
export function parseConf(given: Readonly<Record<string, unknown>>): JobConf {
  const result = loadZod().z.strictObject(settings()).safeParse(given, { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => `${key}: no such setting${nearest(key)}`)
      : [`${issue.path.join(".")}: ${issue.message}`],
  );
  throw badConfiguration(
    `${problems.length === 1 ? "a setting is" : "some settings are"} wrong: ${problems.join("; ")}. docs/configuration.md lists them all.`,
  );
}

/** A value in one of our notations; what the parser throws becomes the complaint about its setting. */
function parsedBy<T>(z: Zod, parse: (value: number | string) => T) {
  return z.union([z.number(), z.string()]).transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      context.addIssue(error.message.replace(/^\[\w+\] /, ""));
      return z.NEVER;
    }
  });
}

function nearest(key: string): string {
  const words = new Set(key.split("."));
  let best: string | undefined;
  let bestScore = 0;
  for (const name of Object.keys(settings())) {
    const score = name.split(".").filter((word) => words.has(word)).length;
    if (score > bestScore) [best, bestScore] = [name, score];
  }
  return best === undefined ? "" : ` (did you mean ${best}?)`;
}
