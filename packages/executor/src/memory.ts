import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { formatSize, type JobConf, sizeSetting } from "@millrace/base";
import { memoryTooSmall } from "./errors.ts";

/** The heap of the main thread, code, and what Node itself takes. */
const RESERVE_BYTES = 96 << 20;
/** Code, young generation and buffers of each further thread, besides its heap. */
const RESERVE_PER_SLOT_BYTES = 24 << 20;
const POOL_BYTES_MIN = 16 << 20;
const HEAP_BYTES_MIN = 32 << 20;

export interface MemorySplit {
  readonly poolBytes: number;
  readonly slotHeapBytes: number;
  /** Sizes had to be reduced. */
  readonly reduced: boolean;
}

/**
 * Fits pool and slot heaps into the memory of a process. Requested sizes that fit are granted; otherwise pool and heaps
 * shrink by the same factor.
 *
 * @throws MEMORY_TOO_SMALL Not even the smallest useful sizes fit.
 */
export function splitMemory(wanted: {
  readonly limitBytes: number;
  readonly slots: number;
  readonly poolBytes: number;
  readonly slotHeapBytes: number;
}): MemorySplit {
  const { limitBytes, slots, poolBytes, slotHeapBytes } = wanted;
  requireLeastMemory(limitBytes, slots);
  const room = limitBytes - reserveBytes(slots);
  const asked = poolBytes + slots * slotHeapBytes;
  if (asked <= room) return { poolBytes, slotHeapBytes, reduced: false };
  const smallest = smallestBytes(slots);
  const factor = (room - smallest) / Math.max(1, asked - smallest);
  return {
    poolBytes: shrink(poolBytes, POOL_BYTES_MIN, factor),
    slotHeapBytes: shrink(slotHeapBytes, HEAP_BYTES_MIN, factor),
    reduced: true,
  };
}

/** @throws MEMORY_TOO_SMALL No job could run that many slots in that much memory. */
export function requireLeastMemory(limitBytes: number, slots: number): void {
  const least = reserveBytes(slots) + smallestBytes(slots);
  if (limitBytes >= least) return;
  throw memoryTooSmall(
    `${formatSize(limitBytes)} of memory is not enough for ${slots} slots; at least ${formatSize(least)} is required. ` +
      `Nothing was started. Give more memory (--memory, or the container's limit), or fewer slots (--slots).`,
    { fields: { limitBytes, slots } },
  );
}

/**
 * The way to give slots a heap of this size, for the remedy of an error: if they have less than requested, a setting
 * will not help.
 */
export function moreHeap(
  has: { readonly slots: number; readonly slotHeapBytes: number },
  conf: JobConf,
): (heapBytes: number) => string {
  const wanted = conf["executor.slot.heap"];
  const raise = (heapBytes: number): string =>
    `raise executor.slot.heap from ${sizeSetting(wanted)} to ${sizeSetting(heapBytes)}`;
  if (has.slotHeapBytes >= wanted) return raise;
  return (heapBytes) => {
    const limit = reserveBytes(has.slots) + conf["storage.pool.bytes"] + has.slots * Math.max(wanted, heapBytes);
    const more = heapBytes > wanted ? `, and ${raise(heapBytes)}` : "";
    return (
      `give the executor --memory ${sizeSetting(limit)}, a container of that size, or fewer slots: ` +
      `it has too little for executor.slot.heap = ${formatSize(wanted)}${more}`
    );
  };
}

/** The heap of a receiver's thread: as requested, or reduced by the same factor as those of the slots. */
export function receiverHeap(conf: JobConf, slotHeapBytes: number): number {
  const factor = Math.min(1, slotHeapBytes / conf["executor.slot.heap"]);
  return Math.max(Math.min(HEAP_BYTES_MIN, conf["receiver.heap"]), Math.floor(conf["receiver.heap"] * factor));
}

const reserveBytes = (slots: number): number => RESERVE_BYTES + slots * RESERVE_PER_SLOT_BYTES;
const smallestBytes = (slots: number): number => POOL_BYTES_MIN + slots * HEAP_BYTES_MIN;

function shrink(bytes: number, least: number, factor: number): number {
  return Math.floor(least + Math.max(0, bytes - least) * factor);
}

/** Reads a small file of the kernel; `undefined` if it does not exist. */
export type ReadText = (path: string) => string | undefined;

/**
 * The memory that this process may use: the smallest of the machine's memory and the limits of its control groups, v2
 * (`memory.max` of the group and those above it) or v1 (`memory.limit_in_bytes`).
 */
export function memoryLimit(read: ReadText = readSmallFile, machineBytes: number = totalmem()): number {
  const limits = [machineBytes];
  for (const path of limitFiles(read("/proc/self/cgroup") ?? "")) {
    const text = read(path)?.trim();
    const bytes = text === undefined || text === "" || text === "max" ? Number.NaN : Number(text);
    if (bytes > 0) limits.push(bytes); // v1 says "no limit" with a number larger than any machine
  }
  return Math.min(...limits);
}

/**
 * The number of processes of this control group that the kernel has killed for lack of memory; 0 if it does not count
 * them.
 */
export function outOfMemoryKills(read: ReadText = readSmallFile): number {
  for (const line of (read("/proc/self/cgroup") ?? "").split("\n")) {
    const [, controllers = "", group = ""] = line.split(":");
    const path = controllers === "" ? `/sys/fs/cgroup${group === "/" ? "" : group}/memory.events` : undefined;
    const text = path === undefined ? undefined : (read(path) ?? read("/sys/fs/cgroup/memory.events"));
    const kills = /^oom_kill (\d+)$/m.exec(text ?? "")?.[1];
    if (kills !== undefined) return Number(kills);
  }
  const v1 = /^oom_kill (\d+)$/m.exec(read("/sys/fs/cgroup/memory/memory.oom_control") ?? "")?.[1];
  return v1 === undefined ? 0 : Number(v1);
}

function limitFiles(cgroups: string): readonly string[] {
  // In a container, the group of the process is mounted as the root.
  const files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
  for (const line of cgroups.split("\n")) {
    const [, controllers, group] = line.split(":");
    if (group === undefined) continue;
    const parents = group.split("/").filter((name) => name !== "" && name !== "..");
    for (let depth = parents.length; depth > 0; depth--) {
      const path = parents.slice(0, depth).join("/");
      if (controllers === "") files.push(`/sys/fs/cgroup/${path}/memory.max`);
      else if (controllers?.split(",").includes("memory")) {
        files.push(`/sys/fs/cgroup/memory/${path}/memory.limit_in_bytes`);
      }
    }
  }
  return files;
}

function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // not Linux, or not mounted
  }
}
