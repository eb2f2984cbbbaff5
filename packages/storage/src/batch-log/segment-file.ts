import { crc32 } from "node:zlib";
import { checkpointDamaged, checkpointNewer, checkpointOlder } from "./errors.ts";

/*
 * A segment, little-endian; docs/formats/batch-log.md describes it for programs of others.
 *
 *    0  u32  magic "MRBL"
 *    4  u16  version of this format
 *    6  u16  0
 *    8  u32  epoch
 *   12  u32  number within the epoch
 *   16  u32  CRC-32 (zlib) of bytes 0 to 15
 *   20       entries, one after the other
 *
 * An entry:
 *
 *    0  u32  bytes of the payload
 *    4  u16  kind
 *    6  u16  flags; bit 0: a reader that does not know the kind may skip the entry
 *    8  u32  position in the segment: 0, 1, …
 *   12  u32  CRC-32 of the payload
 *   16  u32  CRC-32 of bytes 0 to 15
 *   20       payload
 */
const MAGIC = 0x4c42524d;
const FORMAT = 2;
const HEADER_BYTES = 20;
const SKIPPABLE = 1;

/** Names a segment: owners of the directory count up epochs, and segments within theirs. */
export interface SegmentId {
  readonly epoch: number;
  readonly number: number;
}

const KINDS = { base: 1, planned: 2, prepared: 3, committed: 4, abandoned: 5 } as const;
export type EntryKind = keyof typeof KINDS;

export interface RawEntry {
  readonly kind: EntryKind;
  readonly payload: Uint8Array;
}

export function encodeSegmentHeader({ epoch, number }: SegmentId): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(FORMAT, 4);
  header.writeUInt32LE(epoch, 8);
  header.writeUInt32LE(number, 12);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return header;
}

/** @param position Its position in the segment. */
export function encodeEntry({ kind, payload }: RawEntry, position: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(payload.length, 0);
  bytes.writeUInt16LE(KINDS[kind], 4);
  bytes.writeUInt16LE(0, 6);
  bytes.writeUInt32LE(position, 8);
  bytes.writeUInt32LE(crc32(payload), 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/**
 * The entries of a segment.
 *
 * @param newest Its owner may have been killed while it appended: an incomplete entry at the end was never relied on, and is left out.
 * @throws CHECKPOINT_DAMAGED, CHECKPOINT_NEWER, CHECKPOINT_OLDER
 */
export function decodeSegment(path: string, id: SegmentId, file: Uint8Array, newest: boolean): readonly RawEntry[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  checkHeader(path, id, bytes);
  const entries: RawEntry[] = [];
  for (let at = HEADER_BYTES, position = 0; at < bytes.length; position++) {
    const header = bytes.subarray(at, at + HEADER_BYTES);
    const whole = header.length === HEADER_BYTES && crc32(header.subarray(0, 16)) === header.readUInt32LE(16);
    const end = whole ? at + HEADER_BYTES + header.readUInt32LE(0) : undefined;
    const cutOff = end === undefined ? header.length < HEADER_BYTES || isZero(bytes.subarray(at)) : end > bytes.length;
    if (cutOff && newest) break;
    if (cutOff) throw checkpointDamaged(path, `entry ${position}, at byte ${at}, is incomplete`);
    if (end === undefined || header.readUInt32LE(8) !== position)
      throw checkpointDamaged(path, `the head of entry ${position}, at byte ${at}, is wrong`);
    const payload = bytes.subarray(at + HEADER_BYTES, end);
    if (crc32(payload) !== header.readUInt32LE(12))
      throw checkpointDamaged(
        path,
        `the content of entry ${position}, at byte ${at}, has another checksum than its head`,
      );
    const kind = kindOf(header.readUInt16LE(4));
    const flags = header.readUInt16LE(6);
    if (kind !== undefined) entries.push({ kind, payload });
    else if ((flags & SKIPPABLE) === 0)
      throw checkpointNewer(path, `entry ${position}, at byte ${at}, is of kind ${header.readUInt16LE(4)}`);
    at = end;
  }
  return entries;
}

function checkHeader(path: string, { epoch, number }: SegmentId, bytes: Buffer): void {
  if (bytes.length < HEADER_BYTES) throw checkpointDamaged(path, `it has ${bytes.length} bytes, fewer than its head`);
  if (bytes.readUInt32LE(0) !== MAGIC) throw checkpointDamaged(path, "it does not begin like a batch log");
  if (crc32(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16)) throw checkpointDamaged(path, "its head is wrong");
  const format = bytes.readUInt16LE(4);
  if (format !== FORMAT) {
    const why = `it has format ${format}, and this version reads ${FORMAT}`;
    throw format > FORMAT ? checkpointNewer(path, why) : checkpointOlder(path, why);
  }
  if (bytes.readUInt32LE(8) !== epoch || bytes.readUInt32LE(12) !== number)
    throw checkpointDamaged(
      path,
      `by its head it is ${bytes.readUInt32LE(8)}-${bytes.readUInt32LE(12)}: it was renamed`,
    );
}

function kindOf(code: number): EntryKind | undefined {
  switch (code) {
    case KINDS.base:
      return "base";
    case KINDS.planned:
      return "planned";
    case KINDS.prepared:
      return "prepared";
    case KINDS.committed:
      return "committed";
    case KINDS.abandoned:
      return "abandoned";
    default:
      return undefined;
  }
}

/** Some file systems leave zeros where a crash of the machine cut off what was appended. */
function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
