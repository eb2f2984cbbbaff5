import { type Brand, branded } from "@millrace/base";

/** Content hash of a template: equal templates of any batch have equal ids. */
export type TemplateId = Brand<string, "TemplateId">;
/** Position of a function in `StageTemplate.functions`. */
export type FnSlot = Brand<number, "FnSlot">;

export const fnSlot = (index: number): FnSlot => branded<FnSlot>(index);

/**
 * A stage's code and shape without its data. A steady stream has the same templates in every batch: each is shipped
 * once to each executor and compiled once on each slot thread.
 *
 * Functions appear by id only; their captured values come with each run of the stage, in the same order.
 */
export interface StageTemplate {
  readonly id: TemplateId;
  readonly pipeline: Pipeline;
  readonly sink: StageSink;
  /** Ids of lifted functions (`job.ts#3`), or of the engine's own (`millrace:add`). */
  readonly functions: readonly string[];
}

/** A source and the narrow operators on it, fused into one loop. */
export interface Pipeline {
  readonly source: Source;
  readonly ops: readonly Op[];
}

/** `input` is an index into the `inputs` of the task. */
export type Source =
  /** Records of blocks, in the order of the blocks; or of a whole file of frames. */
  | { readonly kind: "blocks"; readonly input: number }
  /** Lines of a range of a text file. */
  | { readonly kind: "text"; readonly input: number }
  /** Bytes of a range of a file, in pieces of any size, each a record. */
  | { readonly kind: "bytes"; readonly input: number }
  /** Records of `recordBytes` each from a range of a file, which holds a whole number of them. */
  | { readonly kind: "fixed"; readonly input: number; readonly recordBytes: number }
  /** The records of `read(range)`, which returns an iterable, an async iterable, or a promise of either. */
  | { readonly kind: "external"; readonly input: number; readonly read: FnSlot; readonly label: string }
  /**
   * One reduce partition of a shuffle, aggregated; or, if the pairs are already partitioned correctly, a partition of
   * their RDD.
   */
  | { readonly kind: "shuffle"; readonly feed: Feed; readonly aggregate: Aggregate }
  /** The records of each pipeline in turn. */
  | { readonly kind: "concat"; readonly feeds: readonly Pipeline[] }
  /** `[L, R]` for each record of `left` with each of `right`, right varying fastest. */
  | { readonly kind: "cartesian"; readonly left: Pipeline; readonly right: Pipeline }
  /**
   * Without `fn` one tuple per position, and an error if the pipelines differ in length; with it the result of
   * `fn(...iterables)`.
   */
  | { readonly kind: "zip"; readonly feeds: readonly Pipeline[]; readonly fn?: FnSlot; readonly label: string }
  /** `[K, [V1[], V2[], …]]` for each key of any feed, in the order of first occurrence. */
  | { readonly kind: "cogroup"; readonly feeds: readonly Feed[]; readonly label?: string }
  /**
   * `[K, [V, W]]`; a missing side of an outer join is `undefined`. `without`: the pairs of the left whose key the right
   * does not have.
   */
  | { readonly kind: "join"; readonly how: JoinKind; readonly feeds: readonly [Feed, Feed]; readonly label?: string }
  /**
   * Keyed state, updated to the batch. The task carries a `StateRef`; it updates its whole partition, however few
   * records its sink takes.
   */
  | {
      readonly kind: "state";
      readonly update: StateUpdate;
      /** Of its values; version 1 if absent. `migrate`: `(old, fromVersion, key) => new | undefined`. */
      readonly schema?: { readonly version: number; readonly migrate?: FnSlot };
      readonly label: string;
    };

/** The change of a state partition by a batch, and the resulting output. */
export type StateUpdate =
  /** Emits `[K, S]` for every key that has state afterwards. */
  | {
      readonly kind: "updateByKey";
      /** Pairs of this batch. */
      readonly feed: Feed;
      /** Pairs that initialise empty state, in the first batch only. */
      readonly initial?: Feed;
      /** `(values, state, key, time) => state | undefined`. */
      readonly fn: FnSlot;
      /** Call `fn` only for keys with values in this batch. */
      readonly onlyUpdated: boolean;
      /** The partition of a key, here and below; by hash if absent. */
      readonly place?: FnSlot;
    }
  /**
   * A function over the whole state of a partition. Emits `[K, S]` for every key that the function returns; others are
   * forgotten.
   */
  | {
      readonly kind: "updatePartition";
      readonly feed: Feed;
      readonly initial?: Feed;
      /** `(iterable of [key, values, state | undefined], time) => iterable of [key, state]`. */
      readonly fn: FnSlot;
      readonly place?: FnSlot;
    }
  /**
   * The reduction of a window as state: entering values are added, leaving values subtracted, other keys not touched.
   * Emits `[K, V]` for every key of the window.
   */
  | {
      readonly kind: "window";
      /** `[K, V]`, reduced per batch; several values of a key are reduced in order. */
      readonly entering: Feed;
      readonly leaving: Feed;
      readonly reduce: FnSlot;
      readonly inverse: FnSlot;
      /** `([key, value]) => boolean`: keys for which it is false are forgotten. */
      readonly filter?: FnSlot;
      readonly place?: FnSlot;
    }
  /** Calls `fn(key, value, state, time)` for each pair, and once for each key that has timed out. */
  | {
      readonly kind: "mapWithState";
      readonly feed: Feed;
      readonly initial?: Feed;
      readonly fn: FnSlot;
      /** 0: keys never time out. */
      readonly timeoutMs: number;
      readonly place?: FnSlot;
    }
  /** `[K, S]` for every key of state that another stage has updated to the batch; calls nothing. */
  | { readonly kind: "snapshot" };

export type JoinKind = "inner" | "left" | "right" | "full" | "without";

/** Pairs for an operator that merges several inputs by key. */
export type Feed =
  | { readonly kind: "shuffle"; readonly input: number }
  /** A parent that is already partitioned the same way: computed within the task. */
  | { readonly kind: "pipeline"; readonly pipeline: Pipeline };

export type Aggregate =
  /** Records as written, map outputs in order of their partitions. */
  | { readonly kind: "none" }
  /** `[K, V[]]`, values in map order. */
  | { readonly kind: "group"; readonly label?: string }
  /** `[K, C]`. With `mapSide` the blocks already contain combiners and only `mergeCombiners` is called. */
  | {
      readonly kind: "combine";
      readonly mapSide: boolean;
      /** `undefined`: the first value is the combiner. */
      readonly create: FnSlot | undefined;
      readonly mergeValue: FnSlot;
      readonly mergeCombiners: FnSlot;
      /** The operator's name for the author when one of the functions throws. */
      readonly label?: string;
    };

/** A narrow operator. `label` is its name for the author: `map at job.ts:12:8`. */
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
        | "mapPartitionsWithIndex"
        /** `[record, first + i * step]` for the records of a partition; `fn(partition)` returns `[first, step]`. */
        | "number";
      readonly fn: FnSlot;
      readonly label: string;
      /** For `mapPartitionsWithIndex` and `number`: the input with the partition's number, if it is not the task's. */
      readonly index?: number;
    }
  /** `glom` emits one array per partition, `[]` for an empty one. */
  | { readonly kind: "glom" | "keys" | "values"; readonly label: string }
  /**
   * Sorts the records of the partition, stably: by `key(record)`, or by the key of a pair without it; by `compare(a,
   * b)`, or by value order without it. Spills beyond the memory budget of its task.
   */
  | {
      readonly kind: "sort";
      readonly key?: FnSlot;
      readonly compare?: FnSlot;
      readonly descending: boolean;
      readonly label: string;
    };

/** The destination of a task's records, at the end of its loop. */
export type StageSink =
  /** One block per reduce partition, registered as map output of the stage's shuffle. */
  | {
      readonly kind: "shuffle";
      readonly partitioner: ShufflePartitioner;
      /** Map-side combine: the blocks hold `[K, C]`. */
      readonly combine?: {
        readonly create: FnSlot | undefined;
        readonly mergeValue: FnSlot;
        readonly mergeCombiners: FnSlot;
      };
      /** The operator's name for the author when the partitioner or a combining function throws. */
      readonly label?: string;
    }
  /** The records. */
  | { readonly kind: "collect" }
  /**
   * The first records, up to the `limit` of the run of the stage: a separate template for each limit would have to be
   * compiled.
   */
  | { readonly kind: "take" }
  /** One record: the number of records. */
  | { readonly kind: "count" }
  /** The records reduced to one; none for an empty partition. */
  | { readonly kind: "reduce"; readonly fn: FnSlot; readonly label?: string }
  /** No result. `fn` may be async; for `foreach` each call is awaited before the next. */
  | { readonly kind: "foreach"; readonly fn: FnSlot; readonly label: string }
  | { readonly kind: "foreachPartition"; readonly fn: FnSlot; readonly label: string }
  /** `open(task)` gives a writer for all records of the partition. One record: the result of its `close`. */
  | { readonly kind: "external"; readonly open: FnSlot; readonly label: string }
  /**
   * Writes one part file to the task's `output`; strings as they are, anything else as a line of JSON. The result is
   * the {@link WrittenFile}.
   */
  | { readonly kind: "saveText" }
  /** Like `saveText`, in the frames of blocks. */
  | { readonly kind: "saveObjects" };

export type ShufflePartitioner =
  /** Pairs by the hash of their key: group = hash(key) mod 4096, partition = floor(group · n / 4096). */
  | { readonly kind: "hash"; readonly partitions: number }
  /** Any records, spread evenly, starting at a partition that depends on the map partition. */
  | { readonly kind: "roundRobin"; readonly partitions: number }
  /** Pairs by `fn(key)`, which must return an integer in [0, partitions). */
  | { readonly kind: "custom"; readonly partitions: number; readonly fn: FnSlot };
