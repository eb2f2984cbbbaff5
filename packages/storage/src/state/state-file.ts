import { crc32 } from "node:zlib";
import { assert, epochMs } from "@millrace/base";
import { KEY_GROUPS } from "@millrace/codec";
import { isSameVersion, type StateVersion, versionName } from "@millrace/plan";
import { corrupt, foreign, type StateFilePlace } from "./errors.ts";
import { folderName, type GroupRange, type StatePartition } from "./file-names.ts";

/** What a delta changes. */
export type DeltaBase =
  /** Nothing: it is the first of its partition. */
  | { readonly kind: "nothing" }
  | { readonly kind: "version"; readonly version: StateVersion }
  /** The slices of its own version: they hold the whole partition, and the delta has no rows. */
  | { readonly kind: "slices" };

/**
 * A delta has what a version changed, a slice all state of some key groups. A merged delta names the versions whose changes its
 * parts have, by key groups.
 */
type StateFileKind = "delta" | "slice" | "merged" | "part";

/** The head of a state file. */
export interface StateFileHead {
  readonly kind: StateFileKind;
  readonly version: StateVersion;
  /** Of the values, as the operator declares it. */
  readonly schema: number;
  /** Rows have the time of their key's last update. */
  readonly timed: boolean;
  /** Above the ordinals of all keys of the partition up to this version. */
  readonly nextOrdinal: number;
  /** `undefined` for a slice. */
  readonly base: DeltaBase | undefined;
  /** The key groups that a slice or a part holds; all of them for a delta. */
  readonly groups: GroupRange;
  /** Of a merged delta and its parts: how often their rows have been merged. Otherwise 0. */
  readonly level: number;
}

/** What the rows of a row group are. A reader that meets another number must refuse the file. */
export const ROW_KIND = { state: 1, removal: 2, versions: 3, parts: 4 } as const;
export type RowKind = (typeof ROW_KIND)[keyof typeof ROW_KIND];

/** The variable of an operator that its rows belong to. All operators have this one so far. */
export const OPERATOR_STATE = 0;

/** Rows that are read and checked together. */
interface RowGroupHead extends GroupRange {
  readonly kind: RowKind;
  readonly variable: number;
  readonly rows: number;
  readonly keyBytes: number;
  readonly cellBytes: number;
}

/** A row group to write: its head and its bytes, whose sizes `rowGroupBytes` knows. */
export interface RowGroupContent extends RowGroupHead {
  readonly parts: readonly Uint8Array[];
}

/** A row group of a file, not checked yet. */
interface StoredRowGroup extends RowGroupHead {
  readonly bytes: Uint8Array;
  readonly checksum: number;
}

export interface StateFile extends StateFileHead {
  readonly place: StateFilePlace;
  readonly rowGroups: readonly StoredRowGroup[];
  /** Size of the file. */
  readonly bytes: number;
}

/* docs/formats/state.md describes the files. All numbers are little-endian. */
const MAGICS: Readonly<Record<StateFileKind, number>> = {
  delta: 0x4453524d,
  slice: 0x5353524d,
  merged: 0x4d53524d,
  part: 0x5053524d,
};
const FORMAT = 2;
const TIMED = 1;
const HEAD_BYTES = 104;
const CHECKSUM_AT = 100;
const ROW_GROUP_BYTES = 32;
const ROW_GROUPS_MAX = 2 ** 24;
const BASES = { nothing: 0, version: 1, slices: 2 } as const;

/** The parts of a state file, in order. */
export function encodeStateFile(
  of: StatePartition,
  head: StateFileHead,
  rowGroups: readonly RowGroupContent[],
  hashVersion: number,
): Uint8Array[] {
  const name = Buffer.from(folderName(of.operator), "latin1");
  const directory = Buffer.alloc(padded(name.length) + rowGroups.length * ROW_GROUP_BYTES);
  directory.set(name);
  rowGroups.forEach((group, at) => {
    writeRowGroup(directory, padded(name.length) + at * ROW_GROUP_BYTES, group);
  });
  const bytes = Buffer.alloc(HEAD_BYTES);
  const { base, version, groups } = head;
  bytes.writeUInt32LE(MAGICS[head.kind], 0);
  bytes.writeUInt16LE(FORMAT, 4);
  bytes.writeUInt16LE(head.timed ? TIMED : 0, 6);
  bytes.writeUInt32LE(hashVersion, 8);
  bytes.writeUInt32LE(head.schema, 12);
  writeVersion(bytes, 16, version);
  if (base?.kind === "version") writeVersion(bytes, 40, base.version);
  bytes.writeUInt16LE(BASES[base?.kind ?? "nothing"], 64);
  bytes.writeUInt16LE(groups.first, 66);
  bytes.writeUInt16LE(groups.last, 68);
  bytes.writeUInt16LE(name.length, 70);
  bytes.writeUInt32LE(of.partition, 72);
  bytes.writeUInt32LE(of.partitions, 76);
  bytes.writeDoubleLE(head.nextOrdinal, 80);
  bytes.writeUInt32LE(rowGroups.length, 88);
  bytes.writeUInt32LE(crc32(directory), 92);
  bytes.writeUInt32LE(head.level, 96);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return [bytes, directory, ...rowGroups.flatMap(({ parts }) => parts)];
}

/** Bytes of a version in a file. */
export const VERSION_BYTES = 24;

export function writeVersion(bytes: Buffer, at: number, { batch, attempt, epoch }: StateVersion): void {
  bytes.writeDoubleLE(batch, at);
  bytes.writeDoubleLE(attempt, at + 8);
  bytes.writeUInt32LE(epoch, at + 16);
}

function writeRowGroup(bytes: Buffer, at: number, group: RowGroupContent): void {
  let checksum = 0;
  let written = 0;
  for (const part of group.parts) {
    checksum = crc32(part, checksum);
    written += part.length;
  }
  bytes.writeUInt16LE(group.kind, at);
  bytes.writeUInt32LE(group.variable, at + 4);
  bytes.writeUInt16LE(group.first, at + 8);
  bytes.writeUInt16LE(group.last, at + 10);
  bytes.writeUInt32LE(group.rows, at + 12);
  bytes.writeUInt32LE(group.keyBytes, at + 16);
  bytes.writeUInt32LE(group.cellBytes, at + 20);
  bytes.writeUInt32LE(written, at + 24);
  bytes.writeUInt32LE(checksum, at + 28);
}

/** The file that is expected at a path, which its head must say too: files may have been swapped. */
export interface ExpectedFile {
  readonly place: StateFilePlace;
  readonly version: StateVersion;
  readonly kind: StateFileKind;
  /** Of a slice or a part. */
  readonly groups?: GroupRange;
}

/** The bytes of a file that {@link decodeStateHead} needs. */
export const STATE_HEAD_BYTES: number = HEAD_BYTES;

/** Reads the head of a file, and nothing else. @throws The errors of {@link decodeStateFile} */
export function decodeStateHead(expected: ExpectedFile, bytes: Uint8Array, hashVersion: number): StateFileHead {
  const { place, kind } = expected;
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < HEAD_BYTES) throw corrupt(place, `it is truncated to ${file.length} bytes, within its head`);
  if (file.readUInt32LE(0) !== MAGICS[kind]) throw corrupt(place, `it does not begin like a ${TITLES[kind]}`);
  const found = { format: file.readUInt16LE(4), hash: file.readUInt32LE(8) };
  // Another format may have its checksum elsewhere. A damaged number that looks like one is refused as well.
  if (found.format !== FORMAT) throw foreign(place, found, { format: FORMAT, hash: hashVersion });
  checkSum(place, "head", file.subarray(0, CHECKSUM_AT), file.readUInt32LE(CHECKSUM_AT));
  if (found.hash !== hashVersion) throw foreign(place, found, { format: FORMAT, hash: hashVersion });

  const head = readHead(file, kind);
  checkIdentity(expected, file, head);
  return head;
}

/**
 * Reads the head and the directory of a file; the row groups are checked as they are read.
 *
 * @throws STATE_DELTA_CORRUPT Truncated, changed, or not this file.
 * @throws STATE_DELTA_FOREIGN Written by another version of the engine.
 */
export function decodeStateFile(expected: ExpectedFile, bytes: Uint8Array, hashVersion: number): StateFile {
  const { place } = expected;
  const head = decodeStateHead(expected, bytes, hashVersion);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nameBytes = padded(file.readUInt16LE(70));
  const count = file.readUInt32LE(88);
  if (count > ROW_GROUPS_MAX) throw corrupt(place, `it has ${count} row groups`);
  const directoryEnd = HEAD_BYTES + nameBytes + count * ROW_GROUP_BYTES;
  if (file.length < directoryEnd) throw corrupt(place, `it is truncated to ${file.length} bytes, within its directory`);
  const directory = file.subarray(HEAD_BYTES, directoryEnd);
  checkSum(place, "directory", directory, file.readUInt32LE(92));
  const name = directory.toString("latin1", 0, file.readUInt16LE(70));
  if (name !== folderName(place.of.operator)) throw corrupt(place, `it is a file of the operator ${name}`);

  const rowGroups: StoredRowGroup[] = [];
  let at = directoryEnd;
  for (let i = 0; i < count; i++) {
    const group = readRowGroup(expected, file, HEAD_BYTES + nameBytes + i * ROW_GROUP_BYTES, at);
    rowGroups.push(group);
    at += group.bytes.length;
  }
  if (file.length !== at) throw corrupt(place, `it has ${file.length} bytes, but its directory says ${at}`);
  return { ...head, place, rowGroups, bytes: at };
}

const TITLES: Readonly<Record<StateFileKind, string>> = {
  delta: "delta",
  slice: "slice",
  merged: "merged delta",
  part: "part of a merged delta",
};

function readHead(file: Buffer, kind: StateFileKind): StateFileHead {
  return {
    kind,
    version: readVersion(file, 16),
    schema: file.readUInt32LE(12),
    timed: (file.readUInt16LE(6) & TIMED) !== 0,
    nextOrdinal: file.readDoubleLE(80),
    base: kind === "slice" ? undefined : readBase(file),
    groups: { first: file.readUInt16LE(66), last: file.readUInt16LE(68) },
    level: file.readUInt32LE(96),
  };
}

function readBase(file: Buffer): DeltaBase {
  const kind = file.readUInt16LE(64);
  if (kind === BASES.version) return { kind: "version", version: readVersion(file, 40) };
  return { kind: kind === BASES.slices ? "slices" : "nothing" };
}

export function readVersion(file: Buffer, at: number): StateVersion {
  return {
    batch: epochMs(file.readDoubleLE(at)),
    attempt: file.readDoubleLE(at + 8),
    epoch: file.readUInt32LE(at + 16),
  };
}

function checkIdentity({ place, version, groups }: ExpectedFile, file: Buffer, head: StateFileHead): void {
  if (!isSameVersion(head.version, version))
    throw corrupt(place, `it is a file of version ${versionName(head.version)}`);
  const [partition, partitions] = [file.readUInt32LE(72), file.readUInt32LE(76)];
  if (partition !== place.of.partition || partitions !== place.of.partitions) {
    throw corrupt(place, `it is a file of partition ${partition} of ${partitions}`);
  }
  const { first, last } = head.groups;
  if (groups !== undefined && (first !== groups.first || last !== groups.last)) {
    throw corrupt(place, `it is the file of key groups ${first} to ${last}`);
  }
  if (head.base?.kind === "version" && !(head.base.version.batch < version.batch)) {
    throw corrupt(place, `its head says that it builds on version ${versionName(head.base.version)}`);
  }
}

function readRowGroup({ place, kind: of }: ExpectedFile, file: Buffer, entry: number, at: number): StoredRowGroup {
  const known: readonly RowKind[] = of === "merged" ? LISTS : ROWS;
  const number = file.readUInt16LE(entry);
  const kind = known.find((one) => one === number);
  const variable = file.readUInt32LE(entry + 4);
  if (kind === undefined || variable !== OPERATOR_STATE) {
    throw corrupt(place, `it has rows of kind ${number} of variable ${variable}, which this version does not know`);
  }
  const length = file.readUInt32LE(entry + 24);
  if (file.length < at + length) {
    throw corrupt(place, `it has ${file.length} bytes, but its directory says at least ${at + length}`);
  }
  return {
    kind,
    variable,
    first: file.readUInt16LE(entry + 8),
    last: file.readUInt16LE(entry + 10),
    rows: file.readUInt32LE(entry + 12),
    keyBytes: file.readUInt32LE(entry + 16),
    cellBytes: file.readUInt32LE(entry + 20),
    bytes: file.subarray(at, at + length),
    checksum: file.readUInt32LE(entry + 28),
  };
}

const ROWS: readonly RowKind[] = [ROW_KIND.state, ROW_KIND.removal];
const LISTS: readonly RowKind[] = [ROW_KIND.versions, ROW_KIND.parts];

/** The bytes of a row group of a file. @throws STATE_DELTA_CORRUPT Its checksum is wrong. */
export function checkedBytes({ place, rowGroups }: StateFile, at: number): Uint8Array {
  const group = rowGroups[at];
  assert(group !== undefined, `there is no row group ${at}`);
  checkSum(place, `row group ${at}`, group.bytes, group.checksum);
  return group.bytes;
}

function checkSum(place: StateFilePlace, what: string, bytes: Uint8Array, expected: number): void {
  const actual = crc32(bytes);
  if (actual !== expected) {
    throw corrupt(place, `the checksum of its ${what} is ${hex(actual)}, but the file says ${hex(expected)}`);
  }
}

export const ALL_GROUPS: GroupRange = { first: 0, last: KEY_GROUPS - 1 };

/** The next multiple of 8. */
export function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}

const hex = (n: number): string => n.toString(16).padStart(8, "0");
