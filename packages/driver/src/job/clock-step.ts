import { type EngineError, type ErrorFactory, errorKind, formatDuration, type Millis, millis } from "@millrace/base";
import type { ClockStep } from "@millrace/scheduler";

/** The wall clock was set while the job ran. */
const clockStepped: ErrorFactory = errorKind("CLOCK_STEPPED", "environment");

export function stepWarning({ stepMs, offsetMs }: ClockStep, interval: Millis): EngineError {
  const by = formatDuration(millis(Math.abs(stepMs)));
  const off = formatDuration(millis(Math.abs(offsetMs)));
  if (offsetMs < 0 && -offsetMs < interval) {
    return clockStepped(
      `the machine's clock was set ${stepMs < 0 ? "back" : "forward"} by ${by}. Batch times are in step with it${stepMs < 0 ? "" : " again"}: ` +
        `they differ by ${off}, less than an interval.`,
      { fields: { stepMs, offsetMs } },
    );
  }
  if (offsetMs < 0) {
    return clockStepped(
      `the machine's clock was set ${stepMs < 0 ? "back" : "forward"} by ${by}. Batch times never repeat: they continue every ${formatDuration(interval)}, ${off} ahead of the clock, ` +
        "until it has caught up or the job is restarted. Let a time service slew the clock instead of setting it.",
      { fields: { stepMs, offsetMs } },
    );
  }
  return clockStepped(
    `the machine's clock was set ${stepMs < 0 ? "back" : "forward"} by ${by}, or the machine slept. ` +
      (offsetMs > interval
        ? `No batch time is skipped: while the job keeps up, two batches run every ${formatDuration(interval)} until the ${off} are made up for.`
        : "Batch times follow it."),
    { fields: { stepMs, offsetMs } },
  );
}
