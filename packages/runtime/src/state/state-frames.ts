import { BlockWriter, type ClassTable, decodeFrame, readFrames } from "@millrace/codec";
import type { StateDelta, StateSnapshot } from "@millrace/storage";
import type { Overlay } from "./overlay.ts";
import type { PartitionState } from "./partition-state.ts";
import type { StateCell } from "./state-column.ts";

/** The changes of a batch, as frames for the log. */
export function deltaFrames(
  state: PartitionState,
  overlay: Overlay,
  classes: ClassTable,
): { readonly upserts: readonly Uint8Array[]; readonly removals: readonly Uint8Array[] } {
  const { keys } = state.index;
  const upserts = framesOf(classes, (writer) => {
    overlay.eachChanged((index, column, place) => writer.writePair(keys[index], column.cell(place)));
    for (const index of overlay.touched)
      if (!overlay.isChanged(index)) writer.writePair(keys[index], state.column.cell(index));
    overlay.eachNew((key, column, place) => writer.writePair(key, column.cell(place)));
  });
  const removals = framesOf(classes, (writer) => {
    overlay.eachForgotten((index) => writer.write(keys[index]));
  });
  return { upserts, removals };
}

interface Loading {
  readonly classes: ClassTable;
  /** Called after each frame of keys. */
  readonly onFrame: () => void;
}

/** Applies a delta to a state that is being loaded. */
export function applyDelta(state: PartitionState, delta: StateDelta, { classes, onFrame }: Loading): void {
  for (const [key, cell] of pairsIn(delta.upserts, { classes, onFrame })) state.put(key, cell, delta.version.batch);
  for (const frame of readFrames(delta.removals)) {
    for (const key of decodeFrame(frame, classes)) state.forget(key);
  }
  state.head = delta.version;
}

/**
 * The published state, as frames for the log: its keys in order, because results depend on the order; and if keys time out,
 * the position of each with the time of its last update, longest idle first.
 */
export function snapshotFrames(
  state: PartitionState,
  classes: ClassTable,
): { readonly entries: readonly Uint8Array[]; readonly idle: readonly Uint8Array[] } {
  const { index, column, idle } = state;
  const positions = new Int32Array(index.capacity);
  const entries = framesOf(classes, (writer) => {
    let position = 0;
    for (let i = 0; i < index.capacity; i++) {
      if (!column.has(i)) continue;
      positions[i] = position++;
      writer.writePair(index.keys[i], column.cell(i));
    }
  });
  if (idle === undefined) return { entries, idle: [] };
  const times = framesOf(classes, (writer) => {
    for (const { index: i, time } of idle.before(Number.POSITIVE_INFINITY)) writer.writePair(positions[i], time);
  });
  return { entries, idle: times };
}

/** Fills an empty state with a snapshot. Keys that were written without times count as updated in its batch. */
export function applySnapshot(state: PartitionState, snapshot: StateSnapshot, { classes, onFrame }: Loading): void {
  const indices: number[] = [];
  for (const [key, cell] of pairsIn(snapshot.entries, { classes, onFrame })) indices.push(state.restore(key, cell));
  if (snapshot.idle.length === 0) for (const index of indices) state.idle?.touch(index, snapshot.version.batch);
  // As `snapshotFrames` wrote them: positions among the entries, with times.
  for (const frame of readFrames(snapshot.idle)) {
    for (const [position, time] of decodeFrame<[number, number]>(frame, classes)) {
      const index = indices[position];
      if (index !== undefined) state.idle?.touch(index, time);
    }
  }
  state.head = snapshot.version;
}

function* pairsIn(frames: Uint8Array, { classes, onFrame }: Loading): Generator<[unknown, StateCell], void, undefined> {
  for (const frame of readFrames(frames)) {
    yield* decodeFrame<[unknown, StateCell]>(frame, classes); // as the functions above write them
    onFrame();
  }
}

function framesOf(classes: ClassTable, write: (writer: BlockWriter) => void): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const writer = new BlockWriter({ classes, flush: (frame) => void frames.push(new Uint8Array(frame)) });
  write(writer);
  writer.finish();
  return frames;
}
