import { BlockWriter, type ClassTable } from "@millrace/codec";
import type { BlockPool, FileBlock, SpillFile } from "@millrace/storage";

/** Small enough that the frames of many runs fit into memory side by side. */
const SPILL_FRAME_BYTES = 64 * 1024;

/** What anything that may go to disk needs. */
export interface SpillOptions {
  readonly classes: ClassTable;
  readonly pool: BlockPool;
  readonly newSpillFile: () => SpillFile;
  readonly onSpill: (bytes: number) => void;
}

/** Appends what `write` writes to a spill file; `undefined` if that is nothing. */
export function writeRun(
  file: SpillFile,
  classes: ClassTable,
  write: (writer: BlockWriter) => void,
): FileBlock | undefined {
  const offset = file.bytes;
  const pieces: number[] = [];
  const writer = new BlockWriter({
    classes,
    frameBytesMax: SPILL_FRAME_BYTES,
    flush: (frame) => pieces.push(file.append(frame).length),
  });
  write(writer);
  writer.finish();
  const length = file.bytes - offset;
  return length === 0 ? undefined : { kind: "file", path: file.path, offset, length, pieces };
}
