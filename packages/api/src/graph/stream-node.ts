import type { EpochMs } from "@millrace/base";
import type { BlockLevel, FixedInput, Lineage, SourceNode, StateNode, StateVersions } from "@millrace/plan";
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
  /** Makes the RDD of a batch. Called once a batch at most, through {@link NodeBatch.lineageOf}. */
  compute(scope: NodeBatch): Lineage | Promise<Lineage>;
}

/** A batch as a node sees it that chooses input for it, or makes its RDD. */
export interface NodeBatch {
  readonly time: EpochMs;
  readonly history: BatchHistory;
  /** By name; none before the batch runs. */
  readonly inputs: ReadonlyMap<string, FixedInput>;
  /** The RDD of a stream in this batch: made once, however many streams and outputs use it. */
  lineageOf(stream: StreamNode): Lineage | Promise<Lineage>;
  /** Code of the job gave this RDD for an input. */
  giveUnlogged(input: StreamNode, lineage: Lineage): void;
  unloggedOf(input: StreamNode): Lineage | undefined;
  /** The source has no inputs any more once the batch is over. */
  ownSource(node: SourceNode): void;
  /** The batch has a stateful operator. */
  addState(stream: StreamNode, state: StateNode): void;
  stateOf(stream: StreamNode): StateNode | undefined;
  /** The state of a stream before and after this batch. @param name What its state is called. */
  versionsOf(stream: StreamNode, name: string): StateVersions;
}

/** The batches that are not forgotten, as streams that look back on them see them. */
export interface BatchHistory {
  /** The time before the first batch. */
  readonly zeroTime: EpochMs;
  /** `undefined`: forgotten, or not begun. */
  scopeAt(time: EpochMs): NodeBatch | undefined;
  /** The version of a stream's state that the oldest batch builds on which is not forgotten; `undefined`: there is none. */
  oldestVersionOf(stream: StreamNode): EpochMs | undefined;
}

/** A stream that begins in a source. */
export interface NamedInput extends StreamNode {
  /** What its part of a `BatchInput` is called. */
  readonly input: string;
}

/** An input without a receiver: the job's thread asks it what to read when a batch's turn has come. */
export interface PolledInput extends NamedInput {
  /**
   * Chooses what the batch reads. Once a batch, in order, when nothing of an earlier one runs.
   *
   * @throws Whatever keeps it from choosing: what needs this input fails with it, and the rest of the batch runs.
   */
  fix(scope: NodeBatch): FixedInput | Promise<FixedInput>;
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
    `${operator} combines streams with different slides: ${parents.map(({ label, slideMs }) => `${label} by ${slideMs} ms`).join(", ")}. ` +
      "They must be equal: give the preceding windows the same slide.",
  );
}
