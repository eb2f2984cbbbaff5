import type { Writable } from "node:stream";
import { describeThrown, type EngineError } from "@millrace/base";
import { outputUnwritable } from "./errors.ts";

/** The reader of standard output is gone, as `head` is when it has enough. */
export class ReaderGone extends Error {
  override readonly name = "ReaderGone";
}

/** Reports, once, that standard output cannot be written any more, and why. */
export function whenOutputEnds(stream: Pick<Writable, "on">, then: (reason: ReaderGone | EngineError) => void): void {
  let told = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (told) return;
    told = true;
    then(error.code === "EPIPE" ? new ReaderGone() : unwritable(error));
  });
}

function unwritable(error: NodeJS.ErrnoException): EngineError {
  const full = error.code === "ENOSPC" || error.code === "EDQUOT" || error.code === "EFBIG";
  return outputUnwritable(
    `standard output could not be written: ${describeThrown(error)}. Further output is lost; a job that runs here is stopped gracefully. ` +
      `${full ? "Free space there, or redirect it" : "Redirect it"} elsewhere, and start again.`,
    { cause: error, fields: { reason: error.code ?? "no code" } },
  );
}
