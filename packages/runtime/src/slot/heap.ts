import { getHeapStatistics } from "node:v8";

/** Tables may take so much of the heap; the rest is for what a task reads, makes and has not collected yet. */
const TABLES_SHARE = 0.4;

/** Memory for the tables of one task: as configured, if the heap leaves that much. */
export function tableBytes(spillBytes: number, heapBytes: number): number {
  return Math.min(spillBytes, Math.floor(heapBytes * TABLES_SHARE));
}

/** The share of this thread's heap that is in use, with what the collector has not come to yet. */
export function threadHeapUse(): number {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
}
