import { type Brand, branded } from "./brand.ts";
import { type ErrorFactory, errorKind } from "./errors.ts";

/** A length of time in whole milliseconds. */
export type Millis = Brand<number, "Millis">;
/** A point in time: milliseconds since the Unix epoch. */
export type EpochMs = Brand<number, "EpochMs">;
/** A duration as a user may write it: a number of milliseconds, or `"500ms"`, `"1.5s"`, `"2m"`, `"1h"`, `"1d"`. */
export type DurationLike = number | string;

const badDuration: ErrorFactory = errorKind("BAD_DURATION", "user");

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export const millis = (n: number): Millis => branded<Millis>(n);
export const epochMs = (n: number): EpochMs => branded<EpochMs>(n);

/**
 * Reads a duration as a user writes it.
 *
 * @param what The name of the setting in the error message, such as `batchInterval`.
 * @throws BAD_DURATION Not a number or text of the forms above, not finite, not whole milliseconds, or not positive.
 */
export function parseDuration(value: DurationLike, what?: string): Millis {
  const ms = typeof value === "number" ? value : fromText(value);
  if (ms === undefined || !Number.isFinite(ms) || ms <= 0 || !Number.isInteger(ms)) {
    const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
    throw badDuration(
      `${what === undefined ? shown : `${what} is ${shown}, which`} is not a duration. ` +
        `Give a positive whole number of milliseconds, or text such as "500ms", "1s", "2m".`,
    );
  }
  return millis(ms);
}

function fromText(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?\s*$/.exec(text);
  if (!match) return undefined;
  const unit = UNIT_MS[match[2] ?? "ms"];
  return unit === undefined ? undefined : Math.round(Number(match[1]) * unit * 1e6) / 1e6;
}

export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
