import { type EngineError, formatSize } from "@millrace/base";
import { receiverStuck, receiverThreadEnded } from "../errors.ts";

/** Why a thread of receivers ended by itself. */
export function threadEnded(cause: Error | undefined, heapBytes: number): EngineError {
  const [why, remedy] = whyEnded(cause, heapBytes);
  return receiverThreadEnded(
    `its thread ended: ${why}. Records it had read but not stored are lost. ${remedy}`,
    cause === undefined ? {} : { cause },
  );
}

function whyEnded(cause: Error | undefined, heapBytes: number): readonly [why: string, remedy: string] {
  if (cause === undefined) return ["the job's code called process.exit", "Call stop() or restart() instead."];
  if ("code" in cause && cause.code === receiverStuck.code) {
    return ["it was asked to stop and its event loop was blocked", "Let its code await between pieces of its work."];
  }
  if ("code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY") {
    return [
      `it needed more memory than receiver.heap = ${formatSize(heapBytes)} gives it`,
      "Await store(), keep less in the receiver, or raise receiver.heap.",
    ];
  }
  return [cause.message.replace(/\.$/, ""), "Catch the error in the receiver and call restart()."];
}
