import type { EpochMs } from "@millrace/base";
import type {
  BlockLevel,
  FilesInput,
  FixedInput,
  InputMemory,
  Lineage,
  SourceNode,
  StateNode,
  StateVersions,
} from "@millrace/plan";
import { badArgument } from "../errors.ts";

/** A stream in the job's graph, which makes its RDD of each batch. */
export interface StreamNode {
  /** `map at job.ts:4:6`. */
  readonly label: string;
  readonly parents: readonly StreamNode[];
  /** The interval between its batches, counted from the zero time, one interval before the job's first batch. */
  readonly slideMs: number;
  /** The ms that it looks back from a batch at its parents: the length of a window. 0 by default. */
  readonly looksBackMs?: number;
  /** The storage level of its RDDs, which are then computed once; not persisted if absent. */
  level?: BlockLevel | undefined;
  /** The stateful stream behind this one: it has this one's name. */
  readonly shows?: StreamNode;
  /** The stream to persist in place of this one: a window persists what it reads, not what it returns. */
  readonly persistsParent?: StreamNode;
  /** Set for an input that can be read again. */
  readonly rereadable?: Rereadable;
  /** Makes the RDD of a batch. Called at most once per batch, through {@link NodeBatch.lineageOf}. */
  compute(scope: NodeBatch): Lineage | Promise<Lineage>;
}

/** A batch as seen by a node that fixes input for it or makes its RDD. */
export interface NodeBatch {
  readonly time: EpochMs;
  readonly history: BatchHistory;
  /** The fixed inputs by name; empty until the batch runs. */
  readonly inputs: ReadonlyMap<string, FixedInput>;
  /** The RDD of a stream in this batch, made once however many streams and outputs use it. */
  lineageOf(stream: StreamNode): Lineage | Promise<Lineage>;
  /** Keeps the RDD that code of the job has returned for an input. */
  giveUnlogged(input: StreamNode, lineage: Lineage): void;
  unloggedOf(input: StreamNode): Lineage | undefined;
  /** Has a source forget its inputs when the batch is released. */
  ownSource(node: SourceNode): void;
  /** Adds a stateful operator of this batch. */
  addState(stream: StreamNode, state: StateNode): void;
  stateOf(stream: StreamNode): StateNode | undefined;
  /** The versions of a stream's state before and after this batch. @param name The name of the state. */
  versionsOf(stream: StreamNode, name: string): StateVersions;
}

/** The remembered batches, as seen by streams that look back on them. */
export interface BatchHistory {
  /** One batch interval before the first batch. */
  readonly zeroTime: EpochMs;
  /** The batch of a time; `undefined` if it has been forgotten or has not begun. */
  scopeAt(time: EpochMs): NodeBatch | undefined;
  /** True if the time had no batch: it passed between two runs of the job, and a later batch stands for it. */
  isSkipped(time: EpochMs): boolean;
  /** The batch before the one whose input is being fixed; the zero time before the first. */
  readonly lastBatch: EpochMs;
  /** The age of the oldest batch as of which state can be read. */
  readonly retentionMs: number;
  /** The version of a stream's state that the oldest remembered batch with that state builds on; `undefined` if there is none. */
  oldestVersionOf(stream: StreamNode): EpochMs | undefined;
}

/** A stream that reads a source. */
export interface NamedInput extends StreamNode {
  /** The name of its part of a `BatchInput`. */
  readonly input: string;
  /** What its part is: what one kind has read tells another nothing. */
  readonly kind: string;
}

/** An input without a receiver. The job's thread asks it for the input of a batch when the batch's turn has come. */
export interface PolledInput extends NamedInput {
  /**
   * Chooses what the batch reads. Called once per batch, in order, when no earlier batch is running.
   *
   * @throws Any error: the parts of the batch that need this input fail with it, and the others run.
   */
  fix(scope: NodeBatch): FixedInput | Promise<FixedInput>;
  /** Its input of a batch is an RDD made by the job's code, which no log can hold. */
  readonly unlogged?: boolean;
  /**
   * Told in order of each batch that is committed, with every part of it, when its last look at the sources is over.
   *
   * @param fixed What the input gave to the batch; `undefined` if an earlier run has run it.
   */
  committed?(fixed: FixedInput | undefined): void;
  /** Its memory of the batches so far, for this run of the job or the next one. */
  memory?(): InputMemory;
  /**
   * Asked after {@link fix} in a run up to what inputs held at its start: true if the batch does not read all of that.
   * None by default: one batch reads it all.
   */
  more?(): boolean;
  /**
   * Goes on from an earlier run of the job. Called before anything else, once.
   *
   * @param memory What it had to remember; `undefined` if it is new.
   * @param since What it gave to later batches, in order.
   */
  recall?(memory: InputMemory | undefined, since: readonly FixedBefore[]): void;
}

/** The part of a batch's input that one input stream gave. */
export interface FixedBefore {
  readonly time: EpochMs;
  readonly fixed: FixedInput;
}

/** An input that can be read again after a batch has failed. Called for the last batch only. */
export interface Rereadable {
  /** True if the batch reads the file. */
  reads(time: number, path: string): boolean;
  /**
   * Moves the files that can be read again from the failed batch to the next one, and warns of those that are lost.
   *
   * @returns The number of files offered to the next batch.
   */
  giveBack(time: number, bad: readonly BadFile[]): number;
  /** Gives up rereading the batch: removes unreadable files from it, for batches that look back on it, and warns of the loss. */
  giveUp(time: number, bad: readonly BadFile[]): void;
  /** The part of the last batch that a batch looking back on it still reads. */
  left(): FilesInput;
}

/** A file that made a batch fail. */
export interface BadFile {
  readonly path: string;
  /** The code of the error that it caused. */
  readonly code: string;
}

/** Applies a step to a value or to the result of a promise; for a value, at once and without a turn of the event loop. */
export function whenReady<T, U>(value: T | Promise<T>, step: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(step) : step(value);
}

/** The slide of streams that are combined, which must have an RDD in the same batches. @throws BAD_ARGUMENT */
export function commonSlide(parents: readonly StreamNode[], operator: string): number {
  const [first = 0, ...others] = parents.map(({ slideMs }) => slideMs);
  if (others.every((slide) => slide === first)) return first;
  throw badArgument(
    `${operator} combines streams with different slides: ${parents.map(({ label, slideMs }) => `${label} by ${slideMs} ms`).join(", ")}. ` +
      "They must be equal: give the preceding windows the same slide.",
  );
}
