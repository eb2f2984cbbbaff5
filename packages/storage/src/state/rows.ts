import { BlockWriter, type Column, decodeBlock, decodeColumnFrame, emptyClassTable, readFrames } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import { corrupt } from "./errors.ts";
import {
  checkedBytes,
  OPERATOR_STATE,
  padded,
  ROW_KIND,
  type RowGroupContent,
  type RowKind,
  type StateFile,
} from "./state-file.ts";

/** A state in stored form: a primitive unchanged, anything else encoded. */
export type StateCell = string | number | boolean | bigint | null | Uint8Array;

/** The rows of a row group, as columns. */
export interface StateRows {
  /** True if the keys have no state any more. */
  readonly removals: boolean;
  /** Of the file. */
  readonly version: StateVersion;
  /** Of the values. */
  readonly schema: number;
  readonly rows: number;
  readonly groups: Uint16Array;
  readonly keys: Column;
  /** The columns below are empty for removals. */
  readonly ordinals: Float64Array;
  readonly cells: Column;
  /** When each was last updated; `undefined` if the keys did not time out: they then count as updated in the file's batch. */
  readonly updated: Float64Array | undefined;
}

const ROWS_MAX = 8192;
/** Most deltas are small. */
const FIRST_ROWS = 64;
const BYTES_MAX = 256 * 1024;
const NONE = new Uint8Array(0);

/** Collects rows of one kind into row groups. */
export class RowGroupsWriter {
  readonly #kind: RowKind;
  readonly #timed: boolean;
  readonly #most: number;
  readonly #done: RowGroupContent[] = [];
  readonly #keys: FramesWriter = new FramesWriter();
  readonly #cells: FramesWriter = new FramesWriter();
  #groups = new Uint16Array(FIRST_ROWS);
  #ordinals = new Float64Array(FIRST_ROWS);
  #updated = new Float64Array(FIRST_ROWS);
  #rows = 0;

  /** @param options.most Rows of a row group, if they are to be fewer than usual. */
  constructor(
    kind: "state" | "removal",
    { timed, most = ROWS_MAX }: { readonly timed: boolean; readonly most?: number },
  ) {
    this.#kind = ROW_KIND[kind];
    this.#timed = timed;
    this.#most = most;
  }

  /**
   * For rows with state. A cell that is bytes is copied.
   *
   * @param ordinal Its place in the order of the partition's keys.
   * @param updated The time of the last update, in epoch ms; ignored if keys do not time out.
   */
  put(key: unknown, group: number, cell: StateCell, ordinal: number, updated: number): void {
    const at = this.#rows;
    if (at === this.#groups.length) this.#grow();
    this.#ordinals[at] = ordinal;
    this.#updated[at] = updated;
    this.#cells.write(cell);
    this.#add(key, group);
  }

  /** For removals. */
  remove(key: unknown, group: number): void {
    if (this.#rows === this.#groups.length) this.#grow();
    this.#add(key, group);
  }

  #add(key: unknown, group: number): void {
    this.#groups[this.#rows++] = group;
    this.#keys.write(key);
    if (this.#rows === this.#most || this.#keys.bytes + this.#cells.bytes >= BYTES_MAX) this.#close();
  }

  #grow(): void {
    const rows = 4 * this.#groups.length;
    const [groups, ordinals, updated] = [new Uint16Array(rows), new Float64Array(rows), new Float64Array(rows)];
    groups.set(this.#groups);
    ordinals.set(this.#ordinals);
    updated.set(this.#updated);
    this.#groups = groups;
    this.#ordinals = ordinals;
    this.#updated = updated;
  }

  finish(): readonly RowGroupContent[] {
    if (this.#rows > 0) this.#close();
    return this.#done;
  }

  #close(): void {
    const rows = this.#rows;
    const isState = this.#kind === ROW_KIND.state;
    const keys = this.#keys.take();
    const cells = this.#cells.take();
    const groups = this.#groups.slice(0, rows);
    const columns = new Uint8Array(columnBytes(rows, isState, isState && this.#timed));
    columns.set(new Uint8Array(groups.buffer));
    if (isState) {
      let at = padded(2 * rows);
      columns.set(new Uint8Array(this.#ordinals.buffer, 0, 8 * rows), at);
      at += 8 * rows;
      if (this.#timed) columns.set(new Uint8Array(this.#updated.buffer, 0, 8 * rows), at);
    }
    let first = groups[0] ?? 0;
    let last = first;
    for (const group of groups) {
      if (group < first) first = group;
      else if (group > last) last = group;
    }
    this.#done.push({
      kind: this.#kind,
      variable: OPERATOR_STATE,
      ...{ first, last, rows, keyBytes: total(keys), cellBytes: total(cells) },
      parts: [columns, ...keys, ...cells],
    });
    this.#rows = 0;
  }
}

/** Frames of records. */
class FramesWriter {
  #frames: Uint8Array[] = [];
  readonly #writer: BlockWriter = new BlockWriter({
    classes: emptyClassTable, // keys are no instances of classes, and cells are encoded already
    flush: (frame) => void this.#frames.push(new Uint8Array(frame)),
  });
  #taken = 0;

  /** Bytes of the frames that are complete. */
  get bytes(): number {
    return this.#writer.bytes - this.#taken;
  }

  write(value: unknown): void {
    this.#writer.write(value);
  }

  take(): readonly Uint8Array[] {
    this.#writer.finish();
    this.#taken = this.#writer.bytes;
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }
}

/** Reads a row group. @throws STATE_DELTA_CORRUPT */
export function readRows(file: StateFile, at: number): StateRows {
  const bytes = checkedBytes(file, at);
  const { kind, rows, keyBytes, cellBytes } = file.rowGroups[at] ?? EMPTY;
  const isState = kind === ROW_KIND.state;
  const timed = isState && file.timed;
  const keysAt = columnBytes(rows, isState, timed);
  if (keysAt + keyBytes + cellBytes !== bytes.length) throw wrongSizes(file, at);
  const ordinalsAt = padded(2 * rows);
  const keys = columnOf(bytes.subarray(keysAt, keysAt + keyBytes));
  const cells = columnOf(bytes.subarray(keysAt + keyBytes));
  if (keys.length !== rows || cells.length !== (isState ? rows : 0)) throw wrongSizes(file, at);
  return {
    ...{ removals: !isState, rows, keys, cells, version: file.version, schema: file.schema },
    groups: new Uint16Array(copyOf(bytes, 0, 2 * rows)),
    ordinals: new Float64Array(copyOf(bytes, ordinalsAt, isState ? 8 * rows : 0)),
    updated: timed ? new Float64Array(copyOf(bytes, ordinalsAt + 8 * rows, 8 * rows)) : undefined,
  };
}

const EMPTY = { kind: ROW_KIND.removal, rows: 0, keyBytes: 0, cellBytes: 0 } as const;

function wrongSizes(file: StateFile, at: number): Error {
  return corrupt(file.place, `the sizes of its row group ${at} disagree`);
}

function columnBytes(rows: number, isState: boolean, timed: boolean): number {
  return padded(2 * rows) + (isState ? 8 * rows : 0) + (timed ? 8 * rows : 0);
}

function columnOf(block: Uint8Array): Column {
  if (block.length === 0) return [];
  const [first = NONE] = readFrames(block);
  if (first.length === block.length) return decodeColumnFrame(first, emptyClassTable);
  return decodeBlock(block, emptyClassTable);
}

/** In memory of its own: aligned, and the file can be released. */
function copyOf(bytes: Uint8Array, start: number, length: number): ArrayBuffer {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(start, start + length));
  return copy.buffer;
}

function total(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
