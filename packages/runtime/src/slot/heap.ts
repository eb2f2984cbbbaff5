import { getHeapStatistics } from "node:v8";

/** The share of the heap available to tables; the rest is for input, results and garbage of a task. */
const TABLES_SHARE = 0.4;

/** Memory for the tables of one task: as configured, if the heap allows. */
export function tableBytes(spillBytes: number, heapBytes: number): number {
  return Math.min(spillBytes, Math.floor(heapBytes * TABLES_SHARE));
}

/** The used share of this thread's heap, including garbage that is not collected yet. */
export function threadHeapUse(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
