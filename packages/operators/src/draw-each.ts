import type { Rng } from "@millrace/base";
import { slicesOf } from "./slices.ts";

/**
 * Independent draws, in one pass, from records of unknown number: each draw keeps its record until a later one replaces
 * it, and skips to that one directly.
 */
export function drawEach(
  values: Iterable<unknown>,
  draws: number,
  rng: Rng,
): readonly [count: number, drawn: unknown[]] {
  const drawn = new Array<unknown>(draws);
  const due = new Map<number, number[]>([[1, Array.from(drawn, (_, i) => i)]]);
  let count = 0;
  for (const slice of slicesOf(values)) {
    for (const value of slice) {
      count += 1;
      const now = due.get(count);
      if (now === undefined) continue;
      due.delete(count);
      for (const draw of now) {
        drawn[draw] = value;
        const next = Math.floor(count / (1 - rng.next())) + 1;
        const later = due.get(next);
        if (later === undefined) due.set(next, [draw]);
        else later.push(draw);
      }
    }
  }
  return [count, count === 0 ? [] : drawn];
}
