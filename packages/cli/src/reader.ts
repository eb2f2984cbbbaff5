import type { Writable } from "node:stream";

/** Whoever read standard output is gone, as `head` is when it has what it wants. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** Tells when nobody reads a stream any more; any other error of it is thrown. */
export function whenReaderGoes(stream: Pick<Writable, "on">, then: () => void): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    then();
  });
}
