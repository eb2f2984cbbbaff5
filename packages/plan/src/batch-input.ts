import type { EpochMs, WireError } from "@millrace/base";
import type { ListedFile } from "@millrace/files";
import type { ReceivedBlockLocation, ReceivedMark } from "./received-block.ts";

/**
 * The input of a batch: fixed before any part of the batch runs. Its lineage is made from this value alone; no source is asked
 * again, so a batch that runs again from the same value reads the same records.
 *
 * Plain data: it crosses threads by structured clone, and `encodeValue` can encode it.
 */
export interface BatchInput {
  readonly time: EpochMs;
  /**
   * The fixed inputs by name: the one given with `named`, otherwise `input-N`, the position among the job's inputs. Every receiver
   * has an entry, and so does every other input that the graph reads.
   */
  readonly inputs: ReadonlyMap<string, FixedInput>;
}

/** The part of a batch's input that comes from one source. */
export type FixedInput =
  | ReceivedInput
  | FilesInput
  | RateInput
  | ExternalInput
  /**
   * RDDs that code of the job returned for this batch: elements of a queue, the result of an `InputDStream`. They are lineage,
   * which contains functions of the job, and are kept outside of this value in the thread that has the code, for as long as the
   * batch is remembered. They cannot be logged: a batch with such an input can run again only in the same process.
   */
  | {
      readonly kind: "unlogged";
      /** 0 if the number is unknown until the records are read. */
      readonly records: number;
    }
  /** The input could not be fixed, for example because its filter threw: every part of the batch that needs it fails with this error. */
  | { readonly kind: "failed"; readonly error: WireError };

/** Blocks that a receiver stored: one partition each. */
export interface ReceivedInput {
  readonly kind: "received";
  /** In order of arrival; the holders are those that were alive when the value was read. */
  readonly blocks: readonly ReceivedBlockLocation[];
  /** Records in these blocks. */
  readonly records: number;
  /** How far the input has come with this batch; `undefined`: none has ever had a block of it, or the job has no batch log. */
  readonly through?: ReceivedMark;
}

/** Files, with the versions listed: a task that finds another version fails. */
export interface FilesInput {
  readonly kind: "files";
  /** In the order of reading. */
  readonly files: readonly FoundFile[];
}

/** A listed file. */
export interface FoundFile extends ListedFile {
  readonly bytes: number;
}

/** Ranges of a source that a package brings: one partition each. */
export interface ExternalInput {
  readonly kind: "external";
  /** Encoded with the value codec: only the source knows what they mean. */
  readonly ranges: readonly Uint8Array[];
  /** What the source says that they hold; absent from a batch that an earlier run has fixed. */
  readonly records?: number;
}

/** The records `from`, `from + 1`, … `until - 1` of a `rateStream`. */
export interface RateInput {
  readonly kind: "rate";
  readonly from: number;
  readonly until: number;
  /** Determines, with `zeroTime`, the timestamp of each record. */
  readonly recordsPerSecond: number;
  /** The time of record 0. */
  readonly zeroTime: EpochMs;
}
