import { assert } from "@millrace/base";
import type { StateVersion } from "@millrace/plan";
import type { GroupRange, MergedName } from "./file-names.ts";
import {
  checkedBytes,
  type DeltaBase,
  OPERATOR_STATE,
  ROW_KIND,
  type RowGroupContent,
  readVersion,
  type StateFile,
  VERSION_BYTES,
  writeVersion,
} from "./state-file.ts";

/** A merged delta: the changes of several versions by key group, in parts. */
export interface MergedDelta extends MergedName {
  /** The other versions whose changes it has, newest first. */
  readonly older: readonly StateVersion[];
  readonly base: DeltaBase;
  readonly schema: number;
  readonly timed: boolean;
  readonly nextOrdinal: number;
  /** How often its rows have been merged. */
  readonly level: number;
  /** In ascending order; it changes no other key groups. */
  readonly parts: readonly GroupRange[];
  /** Of all parts. */
  readonly bytes: number;
}

const RANGE_BYTES = 4;

/** The lists of a merged delta. */
export function mergedLists({
  older,
  parts,
  bytes,
}: Pick<MergedDelta, "older" | "parts" | "bytes">): RowGroupContent[] {
  const versions = Buffer.alloc(older.length * VERSION_BYTES);
  older.forEach((version, at) => {
    writeVersion(versions, at * VERSION_BYTES, version);
  });
  const ranges = Buffer.alloc(parts.length * RANGE_BYTES);
  parts.forEach(({ first, last }, at) => {
    ranges.writeUInt16LE(first, at * RANGE_BYTES);
    ranges.writeUInt16LE(last, at * RANGE_BYTES + 2);
  });
  return [
    list(ROW_KIND.versions, older.length, versions, 0),
    list(ROW_KIND.parts, parts.length, ranges, Math.min(bytes, 2 ** 32 - 1)),
  ];
}

/** @param cellBytes Of the list of parts: the bytes of all, as far as they can be told. */
function list(kind: RowGroupContent["kind"], rows: number, bytes: Uint8Array, cellBytes: number): RowGroupContent {
  return { kind, variable: OPERATOR_STATE, first: 0, last: 0, rows, keyBytes: 0, cellBytes, parts: [bytes] };
}

/** @throws STATE_DELTA_CORRUPT */
export function readMerged(file: StateFile, { version, count }: MergedName): MergedDelta {
  const { base, schema, timed, nextOrdinal, level } = file;
  assert(base !== undefined, "a merged delta says what it builds on");
  const older: StateVersion[] = [];
  const parts: GroupRange[] = [];
  let bytes = 0;
  file.rowGroups.forEach((group, number) => {
    const content = Buffer.from(checkedBytes(file, number));
    for (let at = 0; at < group.rows; at++) {
      if (group.kind === ROW_KIND.versions) older.push(readVersion(content, at * VERSION_BYTES));
      else {
        const [first, last] = [content.readUInt16LE(at * RANGE_BYTES), content.readUInt16LE(at * RANGE_BYTES + 2)];
        parts.push({ first, last });
      }
    }
    if (group.kind === ROW_KIND.parts) bytes = group.cellBytes;
  });
  return { version, count, older, base, schema, timed, nextOrdinal, level, parts, bytes };
}
