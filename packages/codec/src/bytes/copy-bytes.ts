/** Up to this many bytes a loop is faster than a call. */
const SHORT_BYTES_MAX = 64;

/** Copies `length` bytes from `start` of `from` to `at` of `to`. The caller has checked both ranges. */
export function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > SHORT_BYTES_MAX) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i += 1) to[at + i] = from[start + i] ?? 0;
}
