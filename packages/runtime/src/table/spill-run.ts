import { BlockWriter, type ClassTable } from "@millrace/codec";
import type { BlockPool, FileBlock, SpillFile } from "@millrace/storage";

/** Small enough that the frames of many runs fit into memory side by side. */
const SPILL_FRAME_BYTES = 64 * 1024;

/** The resources of anything that may spill to disk. */
export interface SpillOptions {
  readonly classes: ClassTable;
  readonly pool: BlockPool;
  readonly newSpillFile: () => SpillFile;
  readonly onSpill: (bytes: number) => void;
}

/** Appends the output of `write` to a spill file; `undefined` if there is none. */
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
