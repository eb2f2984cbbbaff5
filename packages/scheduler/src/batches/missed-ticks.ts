import { type EpochMs, epochMs, type Millis } from "@millrace/base";

/** Where the batches of a job have come to. */
export interface TickPosition {
  readonly interval: Millis;
  /** Ticks, and the slides of windows, count from it. */
  readonly zeroTime: EpochMs;
  /** The newest batch time that was ever taken. */
  readonly last: EpochMs;
  /** The slides of windows that have no result in every batch. */
  readonly slides: readonly Millis[];
}

/** The newest tick by `now`. */
export const latestTick = ({ last, interval }: Pick<TickPosition, "last" | "interval">, now: EpochMs): EpochMs =>
  epochMs(last + Math.floor((now - last) / interval) * interval);

/** How many batches were due between two runs of a job, at `now`. */
export const missedTicks = (at: Pick<TickPosition, "last" | "interval">, now: EpochMs): number =>
  Math.max(0, (latestTick(at, now) - at.last) / at.interval);

/**
 * The batches that stand for all ticks up to and including `until`: one at `until`, which reads what sources have for
 * all of them, and before it one for each slide with windows that had begun and were due in the gap. Without those, the
 * batches from before the gap that no window had shown yet would be in none.
 *
 * @returns Ascending; none if there is no such tick. At most `slides.length` + 1.
 */
export function gapTimes({ zeroTime, last, slides }: TickPosition, until: EpochMs): readonly EpochMs[] {
  if (until <= last) return [];
  const times = new Set<EpochMs>([until]);
  for (const slide of slides) {
    const due = epochMs(zeroTime + Math.ceil((last - zeroTime) / slide) * slide);
    if (due > last && due < until) times.add(due);
  }
  return [...times].sort((a, b) => a - b);
}

/**
 * The batches with which a run up to what is there `now` begins: the last of them is due after everything that is there
 * was put there.
 */
export function availableTimes(at: TickPosition, now: EpochMs): readonly EpochMs[] {
  return gapTimes(at, epochMs(Math.max(latestTick(at, now), at.last) + at.interval));
}
