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
/** Steps from here on deserve a warning. */
const STEP_TOLD_MS = 1000;

/**
 * The time of a job's batches. It runs at the pace of the monotonic clock and follows the wall clock as far as possible
 * without repeating or skipping a batch time:
 *
 * - The wall clock is set back: time goes on, ahead of it, until it has caught up.
 * - It is set forward, or the machine slept: time gains one interval at each check, so that two batches come at a time
 *   rather than all due ones at once; none while batches wait.
 */
export interface BatchClock {
  readonly interval: Millis;
  /** The last check: the time of batches at a reading of the monotonic clock. */
  time: number;
  monotonicMs: number;
  /** How far ahead the wall clock was at the last check; negative if behind. */
  offsetMs: number;
}

export function batchClock(interval: Millis, reading: ClockReading): BatchClock {
  return { interval, time: reading.wall, monotonicMs: reading.monotonicMs, offsetMs: 0 };
}

/** The time of batches, even between checks. */
export function batchTime(clock: BatchClock, monotonicMs: number): EpochMs {
  return epochMs(Math.floor(clock.time + (monotonicMs - clock.monotonicMs)));
}

/** How far the wall clock was moved since the last check, and how far ahead it still is; negative: back, and behind. */
export interface ClockStep {
  readonly stepMs: number;
  readonly offsetMs: number;
}

/**
 * Compares with the wall clock; called at every tick.
 *
 * @param mayGain Nothing waits, so that time may gain on the wall clock.
 * @returns A step that the operator should know of.
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
