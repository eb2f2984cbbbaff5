const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Minutes from local time to UTC at an instant, with the sign of `Date.getTimezoneOffset`: negative east of Greenwich.
 */
export type OffsetOf = (ms: number) => number;

const ofThisProcess: OffsetOf = (ms) => new Date(ms).getTimezoneOffset();

/**
 * Local time as `2026-11-23 20:17:31.000`; with its offset, `2026-10-25 02:30:00.000 +02:00`, when the clocks go back
 * and this time occurs twice.
 *
 * @param ms Epoch milliseconds.
 */
export function formatLocalTime(
  ms: number,
  options: { readonly fraction?: boolean; readonly offsetOf?: OffsetOf } = {},
): string {
  const { fraction = true, offsetOf = ofThisProcess } = options;
  const offset = offsetOf(ms);
  const text = new Date(ms - offset * MINUTE_MS)
    .toISOString()
    .replace("T", " ")
    .slice(0, fraction ? -1 : -5);
  return isShownTwice(ms, offset, offsetOf) ? `${text} ${formatOffset(offset)}` : text;
}

/** Whether another instant shows the same local time, under the offset of a day earlier or later. */
function isShownTwice(ms: number, offset: number, offsetOf: OffsetOf): boolean {
  return [ms - DAY_MS, ms + DAY_MS].some((near) => {
    const other = offsetOf(near);
    return other !== offset && offsetOf(ms + (other - offset) * MINUTE_MS) === other;
  });
}

function formatOffset(offset: number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.abs(offset);
  return `${offset > 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The IANA name of this process's time zone, such as `Europe/Berlin`. */
export const localZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** For how long two zones must agree to count as the same. */
const COMPARED_DAYS = 400;
const STEP_DAYS = 10;

/**
 * Whether two zones have the same local time for the next {@link COMPARED_DAYS} days from `ms`. An unknown name is a
 * different zone.
 */
export function sameZone(a: string, b: string, ms: number): boolean {
  if (a === b) return true;
  try {
    const [ofA, ofB] = [a, b].map(
      (timeZone) => new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short", timeStyle: "short" }),
    );
    for (let day = 0; day < COMPARED_DAYS; day += STEP_DAYS) {
      const at = ms + day * DAY_MS;
      if (ofA?.format(at) !== ofB?.format(at)) return false;
    }
    return true;
  } catch {
    return false;
  }
}
