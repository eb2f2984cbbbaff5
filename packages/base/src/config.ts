import * as v from "valibot";
import { didYouMean } from "./closest.ts";
import { type Millis, parseDuration } from "./duration.ts";
import { clauseOf, EngineError, type ErrorFactory, errorKind } from "./errors.ts";
import { type Bytes, parseSize } from "./size.ts";

const badConfiguration: ErrorFactory = errorKind("BAD_CONFIGURATION", "user");

const numberOrText = v.union([v.number(), v.string()], "want a number or text");
const duration = parsedBy((value) => parseDuration(value));
const leaseDuration = v.pipe(
  duration,
  v.check((ms) => ms >= 300, "want 300ms or more"),
);
const size = parsedBy((value) => parseSize(value));
/** More than any heap or pool can use, and far below the limits of arithmetic and of V8. */
const MEMORY_MAX = 1024 ** 4;
/** Below this, the engine's own part of a thread does not fit. */
const HEAP_MIN = 32 * 1024 ** 2;
const heap = v.pipe(
  size,
  v.check((bytes) => bytes >= HEAP_MIN && bytes <= MEMORY_MAX, "want 32m to 1t"),
);
const pool = v.pipe(
  size,
  v.check((bytes) => bytes >= 64 * 1024 && bytes <= MEMORY_MAX, "want 64k to 1t"),
);
/** A memory budget: any small value works, with more spilling or waiting. */
const memoryBound = v.pipe(
  size,
  v.check((bytes) => bytes <= MEMORY_MAX, "want 1t or less"),
);
const whole = v.pipe(numberOrText, v.transform(Number), v.integer("want a whole number"));
const count = v.pipe(whole, v.minValue(1, "want 1 or more"));
const attempts = v.pipe(whole, v.minValue(1, "want 1 to 255"), v.maxValue(255, "want 1 to 255"));
const countOrNone = v.pipe(whole, v.minValue(0, "want 0 or more"));
const parallelism = v.pipe(whole, v.minValue(0, "want 0 to 4096"), v.maxValue(4096, "want 0 to 4096"));
const policy = v.picklist(["stop", "continue"], 'want "stop" or "continue"');
const missed = v.picklist(["each", "one"], 'want "each" or "one"');
const stateStore = v.picklist(["memory", "lmdb"], 'want "memory" or "lmdb"');
const onOrOff = v.picklist(["on", "off"], 'want "on" or "off"');
const lineBytes = v.pipe(
  size,
  v.check((bytes) => bytes >= 1 && bytes <= 500 * 1024 ** 2, "want 1 byte to 500m"),
);
const automatic = v.pipe(v.union([v.literal(0), v.literal("0")]), v.transform(Number));

/**
 * All settings of a job (`--conf key=value`, or `conf` of `defineJob`), parsed. The names are a contract;
 * `docs/configuration.md` lists them, and a script keeps the two in step.
 */
export interface JobConf {
  /**
   * Partitions of a shuffle, and of `parallelize`, unless given. 0: the number of slots of the cluster when the job
   * starts.
   */
  readonly "default.parallelism": number;
  /** Attempts of one task before its batch fails. */
  readonly "task.attempts.max": number;
  /** The pause before a failed task is retried; it doubles with each failure, and half of it is jitter. 0: no pause. */
  readonly "task.retry.delay.min": number;
  readonly "task.retry.delay.max": Millis;
  /** The time that a cancelled task has to stop before its thread is terminated. */
  readonly "task.cancel.grace": Millis;
  /** A receiver closes a block at least this often. 0: a fifth of the batch interval, 5 to 200 ms. */
  readonly "receiver.block.interval": number;
  /** Received bytes that may wait for a batch, per receiver, before back-pressure holds it back. */
  readonly "receiver.buffer.bytes": Bytes;
  /** The first pause before a failed source is restarted; it doubles with each failure. */
  readonly "receiver.restart.delay.min": Millis;
  readonly "receiver.restart.delay.max": Millis;
  /** The time to wait for a receiver's `onStop`. */
  readonly "receiver.stop.timeout": Millis;
  /**
   * `on`: received blocks are written to the received log in the checkpoint directory before they count as stored, instead of being
   * copied to a second executor.
   */
  readonly "receiver.log": "on" | "off";
  /** The heap of each receiver's thread. */
  readonly "receiver.heap": Bytes;
  /** `on`: batches read no more of a source of a package than the job has shown to process in an interval. */
  readonly "source.backpressure": "on" | "off";
  /** Records per second and source: with back-pressure, until a batch has been processed, and at least. */
  readonly "source.rate.initial": number;
  readonly "source.rate.min": number;
  /**
   * A file whose last change is older than this is never new to a file stream; files read more recently are remembered.
   */
  readonly "file.stream.remember": Millis;
  /**
   * The longest line of a text file (compressed or not), a socket or a command; a longer one is an error. A string
   * cannot hold much more.
   */
  readonly "line.bytes.max": Bytes;
  /** Batches that may have received blocks allocated ahead of the running batch. */
  readonly "batches.allocated.max": number;
  /** Batch times that passed while the job was not running: `each` gets its batch, or `one` stands for all. */
  readonly "batches.missed": "each" | "one";
  /** `stop`: a failed batch ends the job. `continue`: later batches run without it. */
  readonly "batch.failure": "stop" | "continue";
  /** The savepoint from which the job starts if its checkpoint directory is empty; `none`: from the beginning. */
  readonly "checkpoint.from": string;
  /** An owner of a checkpoint directory that has not renewed its lease for this long may be replaced. */
  readonly "checkpoint.lease": Millis;
  /** `on`: what counts in the checkpoint directory survives a loss of power, not only the end of a process. */
  readonly "checkpoint.sync": "on" | "off";
  /** Where the state of a slot's partitions is while the job runs: in the heap, or in a file in the executor's work directory. */
  readonly "state.store": "memory" | "lmdb";
  /** Deltas of a state partition after which a snapshot replaces them. */
  readonly "state.snapshot.deltas": number;
  /** State can be read as of this many of the last batches, and as of those that are no older than the age; 0: no matter how old. */
  readonly "state.retention.batches": number;
  readonly "state.retention.age": number;
  /** Memory for blocks in each executor process; beyond it they go to disk. */
  readonly "storage.pool.bytes": Bytes;
  /** Memory one task's grouping or combining may take before it spills. */
  readonly "shuffle.spill.bytes": Bytes;
  /** The heap of each slot's thread, and of the job's driver thread. */
  readonly "executor.slot.heap": Bytes;
  readonly "driver.heap": Bytes;
  /** Bytes of results that one action may return to the driver. */
  readonly "driver.result.bytes.max": Bytes;
  /** An executor that has been silent for this long is considered lost. */
  readonly "executor.timeout": Millis;
  /** Restarts of a job's driver process that dies again and again, each soon after its start. 0: none. */
  readonly "driver.restarts.max": number;
  /** The time that a graceful stop may take before it becomes an immediate one. */
  readonly "stop.timeout": Millis;
}

/** The parser of each setting, and its default. */
const settings: { readonly [Name in keyof JobConf]: v.GenericSchema<unknown, JobConf[Name]> } = {
  "default.parallelism": v.optional(parallelism, 0),
  "task.attempts.max": v.optional(attempts, 4),
  "task.retry.delay.min": v.optional(v.union([automatic, duration]), "500ms"),
  "task.retry.delay.max": v.optional(duration, "10s"),
  "task.cancel.grace": v.optional(duration, "2s"),
  "receiver.block.interval": v.optional(v.union([automatic, duration]), 0),
  "receiver.buffer.bytes": v.optional(memoryBound, "64m"),
  "receiver.restart.delay.min": v.optional(duration, "200ms"),
  "receiver.restart.delay.max": v.optional(duration, "30s"),
  "receiver.stop.timeout": v.optional(duration, "10s"),
  "receiver.log": v.optional(onOrOff, "off"),
  "receiver.heap": v.optional(heap, "256m"),
  "source.backpressure": v.optional(onOrOff, "off"),
  "source.rate.initial": v.optional(count, 10_000),
  "source.rate.min": v.optional(count, 100),
  "file.stream.remember": v.optional(duration, "60s"),
  "line.bytes.max": v.optional(lineBytes, "256m"),
  "batches.allocated.max": v.optional(count, 2),
  "batches.missed": v.optional(missed, "each"),
  "batch.failure": v.optional(policy, "stop"),
  "checkpoint.from": v.optional(
    v.pipe(v.string("want the directory of a savepoint"), v.minLength(1, "want the directory of a savepoint")),
    "none",
  ),
  "checkpoint.lease": v.optional(leaseDuration, "10s"),
  "checkpoint.sync": v.optional(onOrOff, "off"),
  "state.store": v.optional(stateStore, "memory"),
  "state.snapshot.deltas": v.optional(count, 100),
  "state.retention.batches": v.optional(count, 10),
  "state.retention.age": v.optional(v.union([automatic, duration]), 0),
  "storage.pool.bytes": v.optional(pool, "256m"),
  "shuffle.spill.bytes": v.optional(memoryBound, "64m"),
  "executor.slot.heap": v.optional(heap, "512m"),
  "driver.heap": v.optional(heap, "1g"),
  "driver.result.bytes.max": v.optional(memoryBound, "1g"),
  "driver.restarts.max": v.optional(countOrNone, 5),
  "executor.timeout": v.optional(duration, "10s"),
  "stop.timeout": v.optional(duration, "60s"),
};

const schema = v.strictObject(settings);

/**
 * Checks all settings at once.
 *
 * @throws BAD_CONFIGURATION Names every unknown or wrong setting, each with a valid value.
 */
export function parseConf(given: Readonly<Record<string, unknown>>): JobConf {
  const result = v.safeParse(schema, given, { abortPipeEarly: true });
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => {
    const key = v.getDotPath(issue) ?? "";
    if (!Object.hasOwn(settings, key)) return `${key}: no such setting${didYouMean(key, Object.keys(settings))}`;
    if (issue.type === "raw_transform") return `${key}: ${issue.message}`; // it contains the value itself
    return `${key}: ${issue.message}, not ${JSON.stringify(given[key])}`;
  });
  throw badConfiguration(
    `${problems.length === 1 ? "a setting is" : "some settings are"} wrong: ${problems.join("; ")}. docs/configuration.md lists them all.`,
  );
}

/** A value in one of the engine's notations; an error of the parser becomes the issue of the setting. */
function parsedBy<T>(parse: (value: number | string) => T) {
  return v.pipe(
    numberOrText,
    v.rawTransform<number | string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        addIssue({ message: clauseOf(error.message.replace(/^\[\w+\] /, "")) });
        return NEVER;
      }
    }),
  );
}
