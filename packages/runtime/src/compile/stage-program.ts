import type { FnSlot, JoinKind, Op, Source, StageTemplate } from "@millrace/plan";
import type { TableShape } from "../table/table-shape.ts";
import type { Segment } from "./segment.ts";
import type { StateLoop } from "./state-loop.ts";

/** A compiled template. Each thread compiles it once, however many tasks run it. */
export interface StageProgram {
  readonly template: StageTemplate;
  readonly pipeline: PipelineProgram;
  /** The number of tables that a task may fill at the same time; they share its memory. */
  readonly tables: number;
}

/** `segments[0]` takes the records of the entry; each link is between two segments. */
export interface PipelineProgram {
  readonly entry: Entry;
  readonly segments: readonly Segment[];
  readonly links: readonly Link[];
}

/** The functions that create and merge combiners. */
export interface FoldSlots {
  /** Absent: the first value is the combiner. */
  readonly create: FnSlot | undefined;
  readonly merge: FnSlot;
  readonly label: string;
}

/** The break between two fused loops, where a function takes a whole partition. */
export type Link =
  | {
      readonly kind: "mapPartitions" | "mapPartitionsWithIndex" | "foreachPartition";
      readonly fn: FnSlot;
      readonly label: string;
      /** The input with the partition's number, if it is not the task's. */
      readonly index?: number | undefined;
    }
  /** A writer of the job takes all records; the result of its `close` is passed on. */
  | { readonly kind: "external"; readonly fn: FnSlot; readonly label: string }
  | { readonly kind: "glom" }
  | Extract<Op, { readonly kind: "sort" }>
  /** No function: the next segment may have to wait after each record. */
  | { readonly kind: "wait" };

export type Entry =
  | { readonly kind: "blocks" | "text" | "bytes"; readonly input: number }
  | { readonly kind: "fixed"; readonly input: number; readonly recordBytes: number }
  | { readonly kind: "external"; readonly input: number; readonly read: FnSlot; readonly label: string }
  | {
      readonly kind: "table";
      readonly shape: TableShape;
      /** For `combine`: the functions used by the loops that fill the table. */
      readonly fold: FoldSlots | undefined;
      readonly feeds: readonly PipelineProgram[];
      readonly join: JoinKind | undefined;
    }
  /** Pairs of the left whose key the right does not have. */
  | {
      readonly kind: "without";
      readonly left: PipelineProgram;
      /** Ends in a table of two lists for each key. */
      readonly right: PipelineProgram;
      readonly label: string;
    }
  /** One after the other. */
  | { readonly kind: "concat"; readonly feeds: readonly PipelineProgram[] }
  /** Each record of the left with lists of records of the right. */
  | { readonly kind: "cartesian"; readonly left: PipelineProgram; readonly right: PipelineProgram }
  /** Side by side. */
  | {
      readonly kind: "zip";
      readonly feeds: readonly PipelineProgram[];
      readonly fn: FnSlot | undefined;
      readonly label: string;
    }
  | StateEntry;

/** The input of a stateful operator, and what the values of its state are. */
export type StateEntry = StateUpdateEntry & {
  readonly schema: NonNullable<StateSource["schema"]> & { readonly label: string };
};

type StateSource = Extract<Source, { readonly kind: "state" }>;

export type StateUpdateEntry =
  | {
      readonly kind: "updateByKey";
      /** Ends in a table of lists. */
      readonly feed: PipelineProgram;
      /** Ends in a table of last values, here and below. */
      readonly initial: PipelineProgram | undefined;
      readonly update: FnSlot;
      readonly onlyUpdated: boolean;
      /** The partition of a key, here and below; by hash if absent. */
      readonly place: FnSlot | undefined;
      readonly label: string;
    }
  | {
      readonly kind: "updatePartition";
      readonly feed: PipelineProgram;
      readonly initial: PipelineProgram | undefined;
      readonly update: FnSlot;
      readonly place: FnSlot | undefined;
      readonly label: string;
    }
  | {
      readonly kind: "window";
      /** The entering and the leaving pairs. Both end in the same table, of two lists for each key. */
      readonly feeds: readonly [PipelineProgram, PipelineProgram];
      readonly reduce: FnSlot;
      readonly inverse: FnSlot;
      readonly filter: FnSlot | undefined;
      readonly place: FnSlot | undefined;
      readonly label: string;
    }
  | {
      readonly kind: "mapWithState";
      readonly feed: PipelineProgram;
      readonly initial: PipelineProgram | undefined;
      readonly map: FnSlot;
      readonly loop: StateLoop;
      readonly timeoutMs: number;
      readonly place: FnSlot | undefined;
      readonly label: string;
    }
  | { readonly kind: "snapshot" };
