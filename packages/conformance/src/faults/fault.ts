import type { BatchStep, StepName } from "@millrace/base";

/** What a process under test is, by the program that it runs. */
export type ProcessKind = "run" | "driver" | "executor" | "jobDriver" | "jobExecutor" | "savepoint";

/** What is done to a process at a step of a batch's life. */
export type Deed =
  /** SIGKILL, which a process can neither notice nor delay. `all`: every process of the cluster, in one go. */
  | { readonly kind: "kill"; readonly whom: "self" | "all" | ProcessKind }
  /** SIGSTOP of the process that takes the step; the test continues it. */
  | { readonly kind: "pause" }
  /**
   * The system refuses calls that change the file of the step, in this process.
   * `partly`: what was to be written is there up to the half, as on a disk that has just become full.
   */
  | { readonly kind: "refuse"; readonly code: DiskError; readonly calls: number; readonly partly?: true }
  /** The system refuses, in every process, calls that change a path that contains `part`, until the fault is disarmed. */
  | { readonly kind: "refuseAll"; readonly code: DiskError; readonly part: string };

type DiskError = "ENOSPC" | "EROFS" | "EIO";

export interface Fault {
  /** Distinguishes it from all others that are armed in the same place, now or later. */
  readonly id: string;
  readonly step: StepName;
  readonly when: BatchStep["when"];
  /** Strikes when the processes together have taken the step so often since it was armed, from 1. */
  readonly nth: number;
  /** Steps of other processes do not count. */
  readonly process?: ProcessKind;
  readonly deed: Deed;
}

/** The report of a fault that has struck, written before its deed. */
export interface Strike {
  readonly id: string;
  readonly pid: number;
  readonly process: ProcessKind;
  readonly path: string | undefined;
}

/**
 * The directory that a test shares with the processes under test, named by this variable of their environment:
 *
 *     armed/ID.json      a fault that waits for its step
 *     counts/ID.N        the step was taken the N-th time since then; the file is created by who counts it
 *     struck/ID.json     the report; written before the deed
 *     lasting/ID.json    a `refuseAll` that has struck
 *     processes/PID      the kind of each process that was started
 */
export const FAULTS_VARIABLE = "MILLRACE_TEST_FAULTS";
