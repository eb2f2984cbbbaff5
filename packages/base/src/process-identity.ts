import { readFileSync } from "node:fs";

/** A process of this machine, told from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in ticks since boot; empty on systems without `/proc`. */
  readonly start: string;
}

export function processIdentity(pid: number): ProcessIdentity {
  return { pid, start: statOf(pid)?.start ?? "" };
}

/** False once it has exited, even if its parent has not taken notice yet. */
export function isRunning({ pid, start }: ProcessIdentity): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    const anotherUsers = error instanceof Error && "code" in error && error.code === "EPERM";
    if (!anotherUsers) return false;
  }
  const stat = statOf(pid);
  return (stat?.start ?? "") === start && stat?.state !== "Z";
}

/** `undefined` if the process is gone, or the system has no such file. */
function statOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may have spaces; the state is the 3rd field, the start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", start: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}
