import { FRAME_HEADER_BYTES, frameBytes } from "@millrace/codec";
import { inputDamaged } from "../errors.ts";

/**
 * The frames of a file that `saveAsObjectFile` has written, each in memory of its own.
 *
 * @param pieces Its bytes, in pieces that are good until the next one.
 * @throws INPUT_DAMAGED It is another kind of file, of another version, or cut short.
 */
export function* framesOfFile(path: string, pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  let begun = new Uint8Array(FRAME_HEADER_BYTES);
  let have = 0;
  let whole = false;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(begun.length - have, piece.length - at);
      begun.set(piece.subarray(at, at + taken), have);
      have += taken;
      at += taken;
      if (have < begun.length) continue;
      if (whole) {
        yield begun;
        begun = new Uint8Array(FRAME_HEADER_BYTES);
        have = 0;
        whole = false;
      } else {
        begun = withRoomForFrame(path, begun);
        whole = true;
      }
    }
  }
  if (have > 0) throw unreadable(path, `its last frame is cut to ${have} bytes`);
}

function withRoomForFrame(path: string, header: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    const frame = new Uint8Array(frameBytes(header));
    frame.set(header);
    return frame;
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(path: string, why: string, cause?: unknown) {
  return inputDamaged(
    `the input file ${path} cannot be read as records: ${why}. Its batch fails. ` +
      "objectFile reads what saveAsObjectFile of the same release has written.",
    { fields: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}
