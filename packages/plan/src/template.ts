import type { Brand } from "@millrace/base";

/** Content hash of a template: equal templates of any batch have equal ids. */
export type TemplateId = Brand<string, "TemplateId">;
/** Position of a function in `StageTemplate.functions`. */
export type FnSlot = Brand<number, "FnSlot">;

export const fnSlot = (index: number): FnSlot => index as FnSlot; // the one place where an index becomes a slot

/**
 * A stage's code and shape without its data. A steady stream has the same templates batch after batch: they are shipped
 * once to each executor and compiled once on each slot thread.
 *
 * Functions stand here by id only; their captured values come with each run of the stage, in the same order.
 */
export interface StageTemplate {
  readonly id: TemplateId;
  readonly pipeline: Pipeline;
  readonly sink: Sink;
  /** Ids of lifted functions (`job.ts#3`), or of the engine's own (`millrace:add`). */
  readonly functions: readonly string[];
}

/** Where records come from and what narrow operators they pass, fused into one loop. */
export interface Pipeline {
  readonly source: Source;
  readonly ops: readonly Op[];
}

/** `input` is an index into the `inputs` of the task. */
export type Source =
  /** Records of blocks, in the order of the blocks. */
  | { readonly kind: "blocks"; readonly input: number }
  /** Lines of a range of a text file. */
  | { readonly kind: "text"; readonly input: number }
  /** One reduce partition of a shuffle, aggregated. */
  | { readonly kind: "shuffle"; readonly input: number; readonly aggregate: Aggregate }
  /** `[K, [V1[], V2[], …]]` for each key that any feed holds; order of keys: first seen. */
  | { readonly kind: "cogroup"; readonly feeds: readonly Feed[] }
  /** `[K, [V, W]]`; a missing side of an outer join is `undefined`. */
  | { readonly kind: "join"; readonly how: JoinKind; readonly feeds: readonly [Feed, Feed] }
  /**
   * `[K, S]` for every key that has state after the batch's update. The task carries a `StateRef`; it updates its whole
   * partition, however few records its sink takes.
   */
  | {
      readonly kind: "state";
      /** Pairs of this batch. */
      readonly feed: Feed;
      /** Pairs merged below the state when it is empty, in the first batch only. */
      readonly initial?: Feed;
      /** `(values, state, key) => state | undefined`. */
      readonly update: FnSlot;
      /** Call `update` only for keys that have values in this batch. */
      readonly onlyUpdated: boolean;
      /** Names the operator to the author when `update` throws. */
      readonly label?: string;
    };

export type JoinKind = "inner" | "left" | "right" | "full";

/** Pairs for an operator that brings several inputs together by key. */
export type Feed =
  | { readonly kind: "shuffle"; readonly input: number }
  /** A parent that is already partitioned the same way: computed within the task. */
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

export type Aggregate =
  /** Records as written, map outputs in the order of their partitions. */
  | { readonly kind: "none" }
  /** `[K, V[]]`, values in map order. */
  | { readonly kind: "group" }
  /** `[K, C]`. With `mapSide` the blocks hold combiners already and only `mergeCombiners` is called. */
  | {
      readonly kind: "combine";
      readonly mapSide: boolean;
      /** `undefined`: the first value is the combiner. */
      readonly create: FnSlot | undefined;
      readonly mergeValue: FnSlot;
      readonly mergeCombiners: FnSlot;
      /** Names the operator to the author when one of the functions throws. */
      readonly label?: string;
    };

/** A narrow operator. `label` names it to the author: `map at job.ts:12:8`. */
export type Op =
  | {
      readonly kind:
        | "map"
        | "flatMap"
        | "filter"
        | "mapValues"
        | "flatMapValues"
        /** `(iterable) => iterable | Promise<iterable> | asyncIterable`; called for empty partitions too. */
        | "mapPartitions"
        /** `(partition, iterable) => …` */
        | "mapPartitionsWithIndex";
      readonly fn: FnSlot;
      readonly label: string;
    }
  /** `glom` emits one array per partition, `[]` for an empty one. */
  | { readonly kind: "glom" | "keys" | "values"; readonly label: string };

/** What a task does with the records at the end of its loop. */
export type Sink =
  /** One block per reduce partition, registered as map output of the stage's shuffle. */
  | {
      readonly kind: "shuffle";
      readonly partitioner: Partitioner;
      /** Map-side combine: the blocks hold `[K, C]`. */
      readonly combine?: {
        readonly create: FnSlot | undefined;
        readonly mergeValue: FnSlot;
        readonly mergeCombiners: FnSlot;
      };
      /** Names the operator to the author when the partitioner or a combining function throws. */
      readonly label?: string;
    }
  /** The records, at most `limit` of them from this partition. */
  | { readonly kind: "collect"; readonly limit?: number }
  /** One record: the number of records. */
  | { readonly kind: "count" }
  /** The records reduced to one; none for an empty partition. */
  | { readonly kind: "reduce"; readonly fn: FnSlot; readonly label?: string }
  /** No result. `fn` may be async; for `foreach` each call is awaited before the next. */
  | { readonly kind: "foreach"; readonly fn: FnSlot; readonly label: string }
  | { readonly kind: "foreachPartition"; readonly fn: FnSlot; readonly label: string }
  /**
   * Writes one part file as the task's `output` says; a string as it is, anything else as a line of JSON. The result may
   * be one record, the name of the file within `_temporary`; without it the driver takes the last attempt's file.
   */
  | { readonly kind: "saveText" };

export type Partitioner =
  /** Pairs by the hash of their key: group = hash(key) mod 4096, partition = floor(group · n / 4096). */
  | { readonly kind: "hash"; readonly partitions: number }
  /** Any records, spread evenly, beginning at a place that depends on the map partition. */
  | { readonly kind: "roundRobin"; readonly partitions: number }
  /** Pairs by `fn(key)`, which must give an integer in [0, partitions). */
  | { readonly kind: "custom"; readonly partitions: number; readonly fn: FnSlot };
