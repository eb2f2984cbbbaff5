import { crc32 } from "node:zlib";
import { type ErrorFactory, epochMs, errorKind } from "@millrace/base";
import type { StateVersion } from "@millrace/plan";

/** The changes of one batch to one partition of an operator's state. */
export interface StateDelta {
  readonly version: StateVersion;
  /** The version that this one builds on; `undefined` for the first. */
  readonly previous: StateVersion | undefined;
  /** Frames of pairs: keys with their new state. */
  readonly upserts: Uint8Array;
  /** Frames of keys that no longer have state. */
  readonly removals: Uint8Array;
}

/** The whole state of one partition as of a committed version: it replaces that delta and those that it builds on. */
export interface StateSnapshot {
  readonly version: StateVersion;
  /** Frames of pairs: keys with their state. */
  readonly entries: Uint8Array;
  /** Frames in the writer's own format: when each key was last updated, if keys time out. */
  readonly idle: Uint8Array;
}

/** The head of a delta file, read without the rest. */
export type DeltaHeader = Pick<StateDelta, "version" | "previous"> & {
  readonly upsertBytes: number;
  readonly removalBytes: number;
};

const stateDeltaCorrupt: ErrorFactory = errorKind("STATE_DELTA_CORRUPT", "environment");
const stateDeltaForeign: ErrorFactory = errorKind("STATE_DELTA_FOREIGN", "user");

/*
 * A delta file, little-endian; in brackets where a snapshot file differs:
 *
 *    0  u32  magic "MRSD" ["MRSS"]
 *    4  u16  version of this format
 *    6  u16  0
 *    8  u32  hash version of the keys
 *   12  u32  CRC-32 (zlib) of everything from byte 16 to the end
 *   16  f64  version: batch
 *   24  f64           attempt
 *   32  f64           epoch
 *   40  f64  previous version: batch; 0 if there is none [0]
 *   48  f64                    attempt [0]
 *   56  f64                    epoch [0]
 *   64  f64  bytes of upserts [entries]
 *   72  f64  bytes of removals [idle]
 *   80       upserts, removals [entries, idle]
 */
const MAGICS = { delta: 0x4453524d, snapshot: 0x5353524d } as const;
type Kind = keyof typeof MAGICS;
const FORMAT = 2;
export const HEADER_BYTES = 80;
const CHECKED_FROM = 16;

/** The parts of the file, in order; the content is not copied. */
export function encodeDelta(
  delta: Omit<StateDelta, "upserts" | "removals"> & {
    readonly upserts: readonly Uint8Array[];
    readonly removals: readonly Uint8Array[];
  },
  hashVersion: number,
): Uint8Array[] {
  const { version, previous, upserts, removals } = delta;
  return encode({ kind: "delta", version, previous, sections: [upserts, removals] }, hashVersion);
}

/** Like {@link encodeDelta}. */
export function encodeSnapshot(
  snapshot: {
    readonly version: StateVersion;
    readonly entries: readonly Uint8Array[];
    readonly idle: readonly Uint8Array[];
  },
  hashVersion: number,
): Uint8Array[] {
  const { version, entries, idle } = snapshot;
  return encode({ kind: "snapshot", version, previous: undefined, sections: [entries, idle] }, hashVersion);
}

interface StateFile {
  readonly kind: Kind;
  readonly version: StateVersion;
  readonly previous: StateVersion | undefined;
  readonly sections: readonly [readonly Uint8Array[], readonly Uint8Array[]];
}

function encode({ kind, version, previous, sections }: StateFile, hashVersion: number): Uint8Array[] {
  const [first, second] = sections;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGICS[kind], 0);
  header.writeUInt16LE(FORMAT, 4);
  header.writeUInt32LE(hashVersion, 8);
  writeVersion(header, version, 16);
  writeVersion(header, previous, 40);
  header.writeDoubleLE(total(first), 64);
  header.writeDoubleLE(total(second), 72);
  const parts = [header, ...first, ...second];
  let checksum = crc32(header.subarray(CHECKED_FROM));
  for (const part of parts.slice(1)) checksum = crc32(part, checksum);
  header.writeUInt32LE(checksum, 12);
  return parts;
}

/**
 * Reads the head of a delta file; `head` may be longer.
 *
 * @throws STATE_DELTA_CORRUPT Truncated, or not such a file.
 * @throws STATE_DELTA_FOREIGN Written by another version of the engine.
 */
export function decodeHeader(path: string, head: Uint8Array, hashVersion: number, kind: Kind = "delta"): DeltaHeader {
  if (head.length < HEADER_BYTES) throw corrupt(path, `it is truncated to ${head.length} bytes, within its header`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, true) !== MAGICS[kind]) throw corrupt(path, `it does not begin like a ${kind}`);
  const format = view.getUint16(4, true);
  const hash = view.getUint32(8, true);
  if (format !== FORMAT || hash !== hashVersion) throw foreign(path, { format, hash, hashVersion });
  const version = readVersion(view, 16);
  if (version === undefined) throw corrupt(path, "it names no version of its own");
  return {
    version,
    previous: readVersion(view, 40),
    upsertBytes: view.getFloat64(64, true),
    removalBytes: view.getFloat64(72, true),
  };
}

/** @throws STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN Like `decodeHeader`, and for a wrong length or checksum. */
export function decodeDelta(path: string, file: Uint8Array, hashVersion: number): StateDelta {
  const { version, previous, first, second } = decode(path, file, hashVersion, "delta");
  return { version, previous, upserts: first, removals: second };
}

/** @throws The errors of {@link decodeDelta}. */
export function decodeSnapshot(path: string, file: Uint8Array, hashVersion: number): StateSnapshot {
  const { version, first, second } = decode(path, file, hashVersion, "snapshot");
  return { version, entries: first, idle: second };
}

function decode(path: string, file: Uint8Array, hashVersion: number, kind: Kind) {
  const { version, previous, upsertBytes, removalBytes } = decodeHeader(path, file, hashVersion, kind);
  const bytes = HEADER_BYTES + upsertBytes + removalBytes;
  if (file.length !== bytes) throw corrupt(path, `it has ${file.length} bytes, but its header says ${bytes}`);
  const expected = new DataView(file.buffer, file.byteOffset).getUint32(12, true);
  const actual = crc32(file.subarray(CHECKED_FROM));
  if (actual !== expected) throw corrupt(path, `its checksum is ${hex(actual)}, but its header says ${hex(expected)}`);
  const secondFrom = HEADER_BYTES + upsertBytes;
  return { version, previous, first: file.subarray(HEADER_BYTES, secondFrom), second: file.subarray(secondFrom) };
}

function writeVersion(header: Buffer, version: StateVersion | undefined, at: number): void {
  header.writeDoubleLE(version?.batch ?? 0, at);
  header.writeDoubleLE(version?.attempt ?? 0, at + 8);
  header.writeDoubleLE(version?.epoch ?? 0, at + 16);
}

function readVersion(view: DataView, at: number): StateVersion | undefined {
  const batch = epochMs(view.getFloat64(at, true));
  if (batch === 0) return undefined;
  return { batch, attempt: view.getFloat64(at + 8, true), epoch: view.getFloat64(at + 16, true) };
}

export function corrupt(path: string, why: string): Error {
  return stateDeltaCorrupt(
    `the state file ${path} is damaged: ${why}. The operator's state cannot be loaded and the job stops. ` +
      `Restore the file from a copy of the checkpoint directory, or start the job with an empty one.`,
    { fields: { path } },
  );
}

function foreign(
  path: string,
  found: { readonly format: number; readonly hash: number; readonly hashVersion: number },
): Error {
  return stateDeltaForeign(
    `the state file ${path} was written by another version of Millrace: format ${found.format} and key hash ${found.hash}, ` +
      `this version reads ${FORMAT} and ${found.hashVersion}. Run the version that wrote it, or start the job with an empty checkpoint directory.`,
    { fields: { path, format: found.format, hash: found.hash } },
  );
}

function total(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

const hex = (n: number): string => n.toString(16).padStart(8, "0");
