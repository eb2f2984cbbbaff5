import { unreachable } from "@millrace/base";
import type { JobLife } from "./job-life.ts";

/** What a job that stops waits for now. */
export interface StopWaits {
  /** Monotonic ms at which it waits no longer. */
  readonly until: number;
  /** Its batches and receivers: they know more. */
  readonly batches: boolean;
  /** Anything else, for people. */
  readonly others: readonly string[];
}

/** @returns `undefined`: the job does not stop. */
export function stopWaits({ phase, executors }: JobLife): StopWaits | undefined {
  switch (phase.name) {
    case "building":
    case "gathering":
    case "running":
    case "ended":
      return undefined;
    case "draining": {
      const others = executors === 0 ? ["an executor: none is ready"] : [];
      return { until: Math.min(phase.until, phase.aloneUntil ?? phase.until), batches: true, others };
    }
    case "cutting":
      return { until: phase.until, batches: false, others: ["a commit that has begun"] };
    case "unwinding":
      return { until: phase.until, batches: false, others: ["the batch that was cut off to undo its work"] };
    case "telling":
    case "leaving":
      return { until: phase.until, batches: false, others: ["the job's own code on the driver"] };
    case "settling":
      return { until: phase.until, batches: false, others: ["what tasks left pending on executors"] };
    default:
      return unreachable(phase);
  }
}
