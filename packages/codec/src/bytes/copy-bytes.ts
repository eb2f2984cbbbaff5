/** Up to so many bytes a loop is quicker than a call. */
const SHORT_BYTES_MAX = 64;

/** Copies `length` bytes of `from` at `start`, which must be there, to `to` at `at`, where there must be room. */
export function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > SHORT_BYTES_MAX) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i += 1) to[at + i] = from[start + i] ?? 0;
}
