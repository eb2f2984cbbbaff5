import type { FnSlot } from "@millrace/plan";

/** The last step of a fused loop for each record. */
export type Terminal =
  /** `out.push(record)`: a partition function or an awaited sink takes it from there. */
  | { readonly kind: "buffer" }
  | { readonly kind: "write"; readonly limited: boolean }
  | { readonly kind: "count" }
  | { readonly kind: "reduce"; readonly fn: FnSlot }
  | { readonly kind: "text" }
  | { readonly kind: "hash"; readonly partitions: number }
  | { readonly kind: "roundRobin"; readonly partitions: number }
  | { readonly kind: "custom"; readonly partitions: number; readonly fn: FnSlot }
  /** Pairs into a table, one combiner per key; `create` undefined: the first value is the combiner. */
  | { readonly kind: "combine"; readonly create: FnSlot | undefined; readonly merge: FnSlot }
  /** Pairs into a table, all values per key. */
  | { readonly kind: "group" }
  /** Pairs into a table that has a list per feed for each key. */
  | { readonly kind: "cogroup"; readonly feed: number; readonly feeds: number }
  /** Pairs into a table, the last value per key. */
  | { readonly kind: "last" }
  /** Calls `fn` and stops at a promise, so that the caller can await it. Takes no operators before it. */
  | { readonly kind: "foreach"; readonly fn: FnSlot };

/** True if the terminal takes keys and values rather than records. */
export function takesPairs(terminal: Terminal): boolean {
  return ["hash", "custom", "combine", "group", "cogroup", "last"].includes(terminal.kind);
}
