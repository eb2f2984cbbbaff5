import type { BlockLevel, FixedInput, Lineage } from "@millrace/plan";
import type { BatchScope } from "../batch/batch-scope.ts";
import { badArgument } from "../errors.ts";

/** A stream in the job's graph: what makes its RDD, batch by batch. */
export interface StreamNode {
  /** `map at job.ts:4:6`. */
  readonly label: string;
  readonly parents: readonly StreamNode[];
  /** It has an RDD in batches that are a multiple of this after the time before the first one. */
  readonly slideMs: number;
  /** How far back from a batch it looks at its parents: the length of a window; 0 for most. */
  readonly looksBackMs?: number;
  /** Its RDDs are computed once and kept like this. */
  level?: BlockLevel | undefined;
  /** A windowed stream keeps what it reads, not what it gives: the stream whose `level` is its own. */
  readonly persistsParent?: StreamNode;
  /** Of an input that can be read again. */
  readonly rereadable?: Rereadable;
  /** Makes the RDD of a batch. Called once a batch at most, through {@link BatchScope.lineageOf}. */
  compute(scope: BatchScope): Lineage | Promise<Lineage>;
}

/** A stream that begins in a source. */
export interface NamedInput extends StreamNode {
  /** What its part of a `BatchInput` is called. */
  readonly input: string;
}

/** An input that is looked at on the driver, in the job's thread, when the turn of a batch has come. */
export interface PolledInput extends NamedInput {
  /**
   * Chooses what the batch reads. Once a batch, in order, when nothing of an earlier one runs.
   *
   * @throws Whatever keeps it from choosing: what needs this input fails with it, and the rest of the batch runs.
   */
  fix(scope: BatchScope): FixedInput | Promise<FixedInput>;
}

/** Input that is there after a batch has failed. Asked of the batch that ran last only. */
export interface Rereadable {
  /** Whether the batch reads that file. */
  reads(time: number, path: string): boolean;
  /**
   * Offers what can be read again to the next batch; in the failed one it is not there any more. Warns of what is lost.
   *
   * @returns How many files those are.
   */
  giveBack(time: number, bad: readonly BadFile[]): number;
  /** The batch is not read again: leaves out what cannot be read, for those who look back on it, and warns of what is lost. */
  giveUp(time: number, bad: readonly BadFile[]): void;
}

/** The file that failed a batch. */
export interface BadFile {
  readonly path: string;
  /** The code of the error. */
  readonly code: string;
}

/** Applies a step to what may be at hand already, without an idle turn of the event loop when it is. */
export function whenReady<T, U>(value: T | Promise<T>, step: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(step) : step(value);
}

/** Streams that are brought together must have an RDD in the same batches. */
export function commonSlide(parents: readonly StreamNode[], operator: string): number {
  const [first = 0, ...others] = parents.map(({ slideMs }) => slideMs);
  if (others.every((slide) => slide === first)) return first;
  throw badArgument(
    `${operator} brings together streams that do not slide alike: ${parents.map(({ label, slideMs }) => `${label} by ${slideMs} ms`).join(", ")}. ` +
      "They must slide alike: give the windows before it the same slide.",
  );
}
