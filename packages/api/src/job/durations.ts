import { type Millis, parseDuration } from "@millrace/base";

/** `n` milliseconds. @throws BAD_DURATION Not a positive whole number. */
export const millis = (n: number): Millis => parseDuration(n, "millis");
/** `n` seconds, which may have fractions down to a millisecond. @throws BAD_DURATION Not positive, or not whole milliseconds. */
export const seconds = (n: number): Millis => parseDuration(n * 1_000, "seconds");
/** `n` minutes. @throws BAD_DURATION Not positive, or not whole milliseconds. */
export const minutes = (n: number): Millis => parseDuration(n * 60_000, "minutes");
