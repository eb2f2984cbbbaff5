import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Which process it is, for others that find what it has left. */
export interface ProcessIdentity {
  readonly host: string;
  /** Pids are comparable within it: the start of the system and its namespace of pids. "" where the system has no `/proc`. */
  readonly machine: string;
  readonly pid: number;
  /** In ticks since the start of the system: another process may have had the pid before, or have it since. "" as above. */
  readonly start: string;
}

/** `unknown`: it is, or was, on another machine or in another container, or one of this name. */
export type ProcessFate = "alive" | "dead" | "unknown";

let machine: string | undefined;

/** @param pid Of a process on this machine. */
export function processIdentity(pid: number): ProcessIdentity {
  machine ??= machineHere();
  return { host: hostname(), machine, pid, start: statOf(pid)?.start ?? "" };
}

/** A process that is stopped by a signal is alive; one that has ended and that nobody has waited for is dead. */
export function fateOf(of: ProcessIdentity): ProcessFate {
  const { pid, start } = of;
  const here = processIdentity(process.pid);
  if (of.host !== here.host || of.machine !== here.machine) return "unknown";
  if (!Number.isSafeInteger(pid) || pid <= 0) return "dead";
  try {
    process.kill(pid, 0);
  } catch (error) {
    const forbidden = error instanceof Error && "code" in error && error.code === "EPERM";
    if (!forbidden) return "dead"; // otherwise it runs, as another user
  }
  const stat = statOf(pid);
  if (stat === undefined) return start === "" ? "alive" : "dead"; // it has ended since
  return stat.start === start && !ENDED.has(stat.state) ? "alive" : "dead";
}

/** `process 4711 on build-7`. */
export function processInWords({ pid, host }: ProcessIdentity): string {
  return `process ${pid} on ${host}`;
}

/** States of `/proc`: zombie, dead. */
const ENDED: ReadonlySet<string> = new Set(["Z", "X", "x"]);

function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  const stat = readable(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === undefined) return undefined;
  // The name, in parentheses, may have spaces; the state comes after it, and the start is the 20th field from there.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", start: fields[19] ?? "" };
}

function machineHere(): string {
  const boot = readable(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const pids = readable(() => readlinkSync("/proc/self/ns/pid"));
  return boot === undefined ? "" : `${boot} ${pids ?? ""}`.trim();
}

function readable(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined; // the process is gone, or the system has no such file
  }
}
