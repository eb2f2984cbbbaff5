import type { EpochMs } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import type { ActionPlan, BlockLocation, OutputRef, ShuffleId } from "./action-plan.ts";
import type { Lineage, ShuffleDependency, StateNode } from "./lineage.ts";

/** The destination of the records of an action's RDD. */
export type ActionSink =
  /** The records, at most `limit` of them from each partition. */
  | { readonly kind: "collect"; readonly limit?: number }
  | { readonly kind: "count" }
  | { readonly kind: "reduce" | "foreach" | "foreachPartition"; readonly fn: FunctionRef; readonly label: string }
  | { readonly kind: "external"; readonly open: FunctionRef; readonly label: string }
  | { readonly kind: "saveText" | "saveObjects"; readonly output: (partition: number) => OutputRef };

export interface PlanRequest {
  readonly target: Lineage;
  readonly sink: ActionSink;
  readonly batch: EpochMs;
  /** Only these partitions of the target, ascending; all by default. */
  readonly partitions?: readonly number[];
  /** Shuffles whose output already exists: their stages are left out. */
  readonly written: ReadonlySet<ShuffleId>;
}

export type WrittenShuffle = ShuffleDependency & { readonly id: ShuffleId };

/** A plan, and the effects of its success. */
export interface PlannedAction {
  /** Without stages if no task is needed: the target is certainly empty. */
  readonly plan: ActionPlan;
  /** The shuffles that its stages write, with their ids. */
  readonly writes: readonly WrittenShuffle[];
  /** The stateful operators whose partitions are all updated to this batch. */
  readonly states: readonly StateNode[];
  /** Broadcast variables whose blocks are still being stored; the plan may run when all have resolved. */
  readonly ready: readonly Promise<void>[];
}

/** The captured values of one template's functions, encoded. */
export interface EncodedCaptures {
  readonly bytes: Uint8Array;
  readonly broadcasts: readonly (BlockLocation | Promise<BlockLocation>)[];
}

export interface PlannerOptions {
  /** Called only if at least one of the functions has captures. */
  readonly encodeCaptures: (functions: readonly FunctionRef[]) => EncodedCaptures;
  /** The setting `default.parallelism`; 0 if unset. */
  readonly defaultPartitions: number;
}
