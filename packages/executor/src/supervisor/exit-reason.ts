import { type EngineError, sizeSetting } from "@millrace/base";
import { executorExited, executorKilled, executorOutOfMemory } from "../errors.ts";

/** The end of a job's executor process. */
export interface ProcessExit {
  readonly job: string;
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastLines: readonly string[];
  /** The heap of each slot; unknown if the process ended before it was given one. */
  readonly slotHeapBytes: number | undefined;
  /** The kernel counted another out-of-memory kill since this process started. */
  readonly outOfMemory: boolean;
}

/** The error for a process that ended unexpectedly, for the operator and the job's author. */
export function exitError(exit: ProcessExit): EngineError {
  const { job, pid, code, signal } = exit;
  const fields = { job, pid: pid ?? 0, code: code ?? -1, signal: signal ?? "" };
  const who = `the executor process of job ${job} (pid ${pid})`;
  const goesOn = "Its tasks run elsewhere; other jobs on this executor are not affected.";
  if (heapExhausted(exit)) {
    return executorOutOfMemory(
      `${who} ran out of JavaScript heap. ${goesOn} Use more partitions, group less per key, or raise executor.slot.heap${raised(exit)}.${said(exit)}`,
      { fields },
    );
  }
  if (signal === "SIGKILL" && exit.outOfMemory) {
    return executorOutOfMemory(
      `${who} was killed by the kernel: the memory limit of this executor's control group was reached. ${goesOn} ` +
        `Raise the container's limit, or lower storage.pool.bytes, executor.slot.heap or --slots.`,
      { fields },
    );
  }
  if (signal !== null) {
    return executorKilled(
      `${who} was killed by ${signal}${signal === "SIGKILL" ? ", sent by a user or by the kernel for lack of memory" : ""}. ${goesOn}${said(exit)}`,
      { fields },
    );
  }
  return executorExited(`${who} exited with code ${code}. ${goesOn}${said(exit)}`, { fields });
}

function raised({ slotHeapBytes: bytes }: ProcessExit): string {
  return bytes === undefined ? "" : ` from ${sizeSetting(bytes)} to ${sizeSetting(2 * bytes)}`;
}

function heapExhausted({ code, signal, lastLines }: ProcessExit): boolean {
  const aborted = signal === "SIGABRT" || signal === "SIGTRAP" || code === 134 || code === 133;
  return aborted && lastLines.some((line) => /heap out of memory|allocation failed|out of memory/i.test(line));
}

/** The meaningful lines: V8's own report is mostly addresses. */
function said({ lastLines }: ProcessExit): string {
  const telling = lastLines.filter((line) => !/^\s*(\d+: 0x|\[?0x|-+|<---|=+)/.test(line)).slice(-6);
  return telling.length === 0 ? "" : ` Its last lines: ${telling.join(" | ")}`;
}
