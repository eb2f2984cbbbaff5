import { type EpochMs, epochMs, type Millis } from "@millrace/base";

/** Readings of the machine's clocks at one moment. */
export interface ClockReading {
  /** The wall clock, which may be set. */
  readonly wall: EpochMs;
  /** Never set; stands still while the machine sleeps. */
  readonly monotonicMs: number;
}

/** Two readings are not quite simultaneous, and wall clocks are slewed: smaller differences are not steps. */
const TOLERANCE_MS = 50;
/** The smallest step that deserves a warning. */
const STEP_TOLD_MS = 1000;

/**
 * The time of a job's batches. It runs at the pace of the monotonic clock and follows the wall clock as far as it can
 * without repeating or skipping a batch time:
 *
 * - If the wall clock is set back, time runs ahead of it until it has caught up.
 * - If it is set forward, or the machine slept, time gains one interval per check, so that batches come two at a time
 *   instead of all at once. It gains nothing while batches wait.
 */
export interface BatchClock {
  readonly interval: Millis;
  /** The last check: the time of batches at a reading of the monotonic clock. */
  time: number;
  monotonicMs: number;
  /** The lead of the wall clock at the last check; negative if it was behind. */
  offsetMs: number;
}

/** @param last The newest batch time of an earlier run: if the wall clock is behind it, time runs ahead from there. */
export function batchClock(interval: Millis, { wall, monotonicMs }: ClockReading, last: EpochMs = wall): BatchClock {
  const time = Math.max(wall, last);
  return { interval, time, monotonicMs, offsetMs: wall - time };
}

/** The time of batches, even between checks. */
export function batchTime(clock: BatchClock, monotonicMs: number): EpochMs {
  return epochMs(Math.floor(clock.time + (monotonicMs - clock.monotonicMs)));
}

/** A step of the wall clock since the last check, and its remaining lead; negative values mean back and behind. */
export interface ClockStep {
  readonly stepMs: number;
  readonly offsetMs: number;
}

/**
 * Compares with the wall clock; called at every tick.
 *
 * @param mayGain No batch waits, so time may catch up with the wall clock.
 * @returns A step large enough to report.
 */
export function lookAtClock(clock: BatchClock, reading: ClockReading, mayGain: boolean): ClockStep | undefined {
  const { wall, monotonicMs } = reading;
  const expected = clock.time + (monotonicMs - clock.monotonicMs);
  const ahead = wall - expected;
  const stepMs = Math.round(ahead - clock.offsetMs);
  if (Math.abs(ahead) <= TOLERANCE_MS) clock.time = wall;
  else if (ahead > 0 && mayGain) clock.time = Math.min(wall, expected + clock.interval);
  else clock.time = expected;
  clock.monotonicMs = monotonicMs;
  clock.offsetMs = wall - clock.time;
  return Math.abs(stepMs) < STEP_TOLD_MS ? undefined : { stepMs, offsetMs: Math.round(ahead) };
}
