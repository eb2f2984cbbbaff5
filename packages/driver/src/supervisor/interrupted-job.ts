import {
  type Clock,
  type EngineError,
  type ErrorFactory,
  errorKind,
  fateOf,
  type ProcessIdentity,
  parseDuration,
} from "@millrace/base";
import type { JobRecord } from "./job-record.ts";

const jobInterrupted: ErrorFactory = errorKind("JOB_INTERRUPTED", "environment");

/** A driver process ends when its supervisor is gone; one that does not within this time hangs, and is killed. */
const ORPHAN_GRACE = parseDuration("2s");
const ORPHAN_LOOK = parseDuration("20ms");

/** The next supervisor goes on with it. */
export function goesOn({ built, stopping }: Pick<JobRecord, "built" | "stopping">): boolean {
  return built?.resumable === true && !stopping;
}

/** Why a job that an earlier supervisor ran does not run now. */
export function interrupted({ built, stopping }: JobRecord): EngineError {
  if (goesOn({ built, stopping }))
    return jobInterrupted("the driver ended while the job ran, and was started again. The job goes on from its log.");
  if (stopping && built?.resumable === true)
    return jobInterrupted(
      "the job was told to end, and the driver ended before it had. What it committed is in its checkpoint directory: submit it again to go on from there.",
    );
  const why = stopping
    ? "and while it was told to end."
    : built === undefined
      ? "before it was built. Nothing of it ran."
      : "and it does not name its checkpoint directory (checkpointDir): one that does goes on from there when the driver is started again.";
  return jobInterrupted(`the driver ended while the job ran, ${why} Submit it again.`);
}

/**
 * Resolves when a driver process of an earlier supervisor is gone: two of one job would be in each other's way. It is no child of
 * this process, and the system tells Node of the end of children alone: so it is looked at again and again, for 4 s at most.
 */
export async function orphanGone(driver: ProcessIdentity, clock: Clock): Promise<void> {
  const killAt = clock.monotonicMs() + ORPHAN_GRACE;
  let killed = false;
  while (fateOf(driver) === "alive") {
    if (clock.monotonicMs() >= killAt + ORPHAN_GRACE) return; // the lease on its checkpoint directory keeps it out
    if (!killed && clock.monotonicMs() >= killAt && driver.start !== "") {
      killed = true;
      process.kill(driver.pid, "SIGKILL");
    }
    await new Promise<void>((resolve) => clock.after(ORPHAN_LOOK, resolve));
  }
}
