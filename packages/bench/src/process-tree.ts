import { readdirSync, readFileSync } from "node:fs";

/** A process as Linux shows it in /proc. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Resident memory, with shared pages counted in full (VmRSS). */
  readonly residentBytes: number;
  /** Peak resident memory (VmHWM). */
  readonly peakBytes: number;
}

/** `undefined` if it has exited. */
export function processInfo(pid: number): ProcessInfo | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
    const kilobytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0); // a zombie has no memory
    return {
      ...{ pid, parent: Number(parent) },
      ...{ residentBytes: kilobytes("VmRSS") * 1024, peakBytes: kilobytes("VmHWM") * 1024 },
    };
  } catch {
    return undefined;
  }
}

/** A process and all its descendants, the root first; empty if it has exited. */
export function processTree(root: number): readonly ProcessInfo[] {
  const children = new Map<number, ProcessInfo[]>();
  for (const name of readdirSync("/proc")) {
    const info = /^\d+$/.test(name) ? processInfo(Number(name)) : undefined;
    if (info === undefined) continue;
    const siblings = children.get(info.parent);
    if (siblings === undefined) children.set(info.parent, [info]);
    else siblings.push(info);
  }
  const tree: ProcessInfo[] = [];
  const own = processInfo(root);
  if (own !== undefined) tree.push(own);
  for (const one of tree) tree.push(...(children.get(one.pid) ?? []));
  return tree;
}

/** Resident memory of a process and its descendants, in 10^6 bytes. */
export function treeMegabytes(root: number): number {
  return processTree(root).reduce((sum, one) => sum + one.residentBytes, 0) / 1e6;
}

const TICKS_PER_SECOND = 100; // of the kernel's counters: USER_HZ, the same on every Linux of today

/** Separates the machine's CPU time since the meter was created from that of this process and its ended children. */
export class LoadMeter {
  readonly #start = performance.now();
  readonly #machine = machineTicks();
  readonly #own = ownTicks();

  /** Average number of cores that other programs kept busy: past 0.3, times are only orders of magnitude. */
  othersCores(): number {
    const seconds = (performance.now() - this.#start) / 1000;
    const ticks = machineTicks() - this.#machine - (ownTicks() - this.#own);
    return Math.max(0, ticks / TICKS_PER_SECOND / seconds);
  }
}

function machineTicks(): number {
  const [user, nice, system, , , irq, softirq, steal] = (readFileSync("/proc/stat", "utf8").split("\n", 1)[0] ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return [user, nice, system, irq, softirq, steal].reduce<number>((sum, n) => sum + (n ?? 0), 0);
}

function ownTicks(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name may contain anything
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0); // utime stime cutime cstime
}
