import type { EpochMs, WireError } from "@millrace/base";
import type { ListedFile } from "@millrace/files";
import type { BlockLocation } from "./action-plan.ts";

/**
 * The input of a batch: fixed before anything of the batch runs, and all that its lineage is made from. No source is asked
 * again, so a batch that is run again from this value reads the same.
 *
 * Plain data: it crosses threads by structured clone, and `encodeValue` writes it down.
 */
export interface BatchInput {
  readonly time: EpochMs;
  /**
   * By the name of the input: what `named` gave, else `input-N`, its place in the job's text. Every receiver has an entry, and
   * every other input that something in the graph reads.
   */
  readonly inputs: ReadonlyMap<string, FixedInput>;
}

/** What a batch reads of one input. */
export type FixedInput =
  | ReceivedInput
  | FilesInput
  | RateInput
  | ExternalInput
  /**
   * RDDs that code of the job gave in this batch: elements of a queue, the result of an `InputDStream`. They are lineage, with
   * functions of the job in it, and are kept beside this value in the thread that has the code, for as long as the batch is
   * remembered. A log cannot hold them: a batch with such an input can be run again by the same process alone.
   */
  | {
      readonly kind: "unlogged";
      /** 0 where it is not known before the records are read. */
      readonly records: number;
    }
  /** The input could not be fixed, such as for an error of its filter: whatever needs it fails with this error. */
  | { readonly kind: "failed"; readonly error: WireError };

/** Blocks that a receiver stored: one partition each. */
interface ReceivedInput {
  readonly kind: "received";
  /** In order of arrival; the holders are those that were alive when the value was read. */
  readonly blocks: readonly BlockLocation[];
  /** Records in these blocks. */
  readonly records: number;
}

/** Files as they were listed: tasks that find another version of one fail. */
export interface FilesInput {
  readonly kind: "files";
  /** In the order they are read in. */
  readonly files: readonly FoundFile[];
}

/** A file as it was found. */
export interface FoundFile extends ListedFile {
  readonly bytes: number;
}

/** Ranges of a source that a package brings: one partition each. */
export interface ExternalInput {
  readonly kind: "external";
  /** Encoded with the value codec: only the source knows what they mean. */
  readonly ranges: readonly Uint8Array[];
}

/** The records `from`, `from + 1`, … `until - 1` of a `rateStream`. */
export interface RateInput {
  readonly kind: "rate";
  readonly from: number;
  readonly until: number;
  /** With `zeroTime`, it gives each record its timestamp. */
  readonly recordsPerSecond: number;
  /** The time of record 0. */
  readonly zeroTime: EpochMs;
}
