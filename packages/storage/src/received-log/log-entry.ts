import { crc32 } from "node:zlib";
import type { LoggedBlock, LoggedRun } from "@millrace/plan";
import * as v from "valibot";
import { receivedLogDamaged, receivedLogNewer } from "./errors.ts";

/*
 * A segment, little-endian; docs/formats/received-log.md describes it for programs of others.
 *
 *    0  u32  magic "MRRL"
 *    4  u16  version of this format
 *    6  u16  bytes of the writer's name
 *    8  u32  epoch
 *   12  u32  number within the writer's segments of this epoch
 *   16  u32  CRC-32 (zlib) of bytes 0 to 15 and of the writer's name
 *   20       the writer's name, in UTF-8
 *            entries, one after the other
 *
 * An entry:
 *
 *    0  u32  bytes of the description
 *    4  u32  bytes of the content
 *    8  u16  kind
 *   10  u16  flags; bit 0: a reader that does not know the kind may skip the entry
 *   12  u32  position in the segment: 0, 1, …
 *   16  u32  CRC-32 of the description
 *   20  u32  CRC-32 of the content
 *   24  u32  CRC-32 of bytes 0 to 23
 *   28       the description, JSON in UTF-8, then the content: the block
 */
const MAGIC = 0x4c52524d;
const FORMAT = 1;
export const SEGMENT_HEADER_BYTES = 20;
export const ENTRY_HEADER_BYTES = 28;
const SKIPPABLE = 1;
const KINDS = { run: 1, block: 2 } as const;

/** Names a segment. */
export interface ReceivedSegment {
  readonly epoch: number;
  /** The process that wrote it. */
  readonly writer: string;
  readonly number: number;
}

const SEGMENT_NAME = /^(\d{1,9})-(.+)-(\d{1,9})$/;

export function segmentName({ epoch, writer, number }: ReceivedSegment): string {
  return `${epoch}-${encodeURIComponent(writer)}-${number}`;
}

/** @returns `undefined`: it is not the name of a segment. */
export function segmentOf(name: string): ReceivedSegment | undefined {
  const match = SEGMENT_NAME.exec(name);
  if (match === null) return undefined;
  try {
    return { epoch: Number(match[1]), writer: decodeURIComponent(match[2] ?? ""), number: Number(match[3]) };
  } catch {
    return undefined;
  }
}

export function encodeSegmentHeader({ epoch, writer, number }: ReceivedSegment): Uint8Array {
  const name = Buffer.from(writer);
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES + name.length);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(FORMAT, 4);
  header.writeUInt16LE(name.length, 6);
  header.writeUInt32LE(epoch, 8);
  header.writeUInt32LE(number, 12);
  header.writeUInt32LE(crc32(name, crc32(header.subarray(0, 16))), 16);
  header.set(name, SEGMENT_HEADER_BYTES);
  return header;
}

/**
 * Checks the beginning of a segment.
 *
 * @param bytes At least the head, with the writer's name, unless the file is shorter.
 * @returns Where its entries begin.
 * @throws RECEIVED_LOG_DAMAGED, RECEIVED_LOG_NEWER
 */
export function checkSegmentHeader(path: string, expected: ReceivedSegment, bytes: Buffer): number {
  if (bytes.length < SEGMENT_HEADER_BYTES)
    throw receivedLogDamaged(path, `it has ${bytes.length} bytes, fewer than its head`);
  if (bytes.readUInt32LE(0) !== MAGIC) throw receivedLogDamaged(path, "it does not begin like a received log");
  const format = bytes.readUInt16LE(4);
  const end = SEGMENT_HEADER_BYTES + bytes.readUInt16LE(6);
  const name = bytes.subarray(SEGMENT_HEADER_BYTES, end);
  if (crc32(name, crc32(bytes.subarray(0, 16))) !== bytes.readUInt32LE(16))
    throw receivedLogDamaged(path, "its head is wrong");
  if (format !== FORMAT) throw receivedLogNewer(path, `it has format ${format}, and this version reads ${FORMAT}`);
  const found = segmentName({
    epoch: bytes.readUInt32LE(8),
    writer: name.toString("utf8"),
    number: bytes.readUInt32LE(12),
  });
  if (found !== segmentName(expected)) throw receivedLogDamaged(path, `by its head it is ${found}: it was renamed`);
  return end;
}

type EntryKind = keyof typeof KINDS;
export type RunDescription = LoggedRun;
export type BlockDescription = Omit<LoggedBlock, "at" | "bytes">;

/** The bytes of an entry before its content. */
export function encodeEntryHead(
  kind: EntryKind,
  description: RunDescription | BlockDescription,
  content: { readonly bytes: number; readonly checksum: number; readonly position: number },
): Uint8Array {
  const json = Buffer.from(JSON.stringify(description, plain));
  const head = Buffer.allocUnsafe(ENTRY_HEADER_BYTES + json.length);
  head.writeUInt32LE(json.length, 0);
  head.writeUInt32LE(content.bytes, 4);
  head.writeUInt16LE(KINDS[kind], 8);
  head.writeUInt16LE(0, 10);
  head.writeUInt32LE(content.position, 12);
  head.writeUInt32LE(crc32(json), 16);
  head.writeUInt32LE(content.checksum, 20);
  head.writeUInt32LE(crc32(head.subarray(0, 24)), 24);
  head.set(json, ENTRY_HEADER_BYTES);
  return head;
}

function plain(this: Readonly<Record<string, unknown>>, key: string): unknown {
  const value = this[key]; // a Buffer, before its own toJSON
  if (!(value instanceof Uint8Array)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
}

export interface EntryHead {
  /** `undefined`: this version does not know it, and may skip the entry. */
  readonly kind: EntryKind | undefined;
  readonly descriptionBytes: number;
  readonly contentBytes: number;
  readonly position: number;
  readonly descriptionChecksum: number;
  readonly contentChecksum: number;
}

/**
 * @param bytes At least the head of an entry.
 * @returns `undefined`: the head is wrong.
 * @throws RECEIVED_LOG_NEWER
 */
export function decodeEntryHead(path: string, bytes: Buffer): EntryHead | undefined {
  if (crc32(bytes.subarray(0, 24)) !== bytes.readUInt32LE(24)) return undefined;
  const code = bytes.readUInt16LE(8);
  const kind = code === KINDS.run ? "run" : code === KINDS.block ? "block" : undefined;
  if (kind === undefined && (bytes.readUInt16LE(10) & SKIPPABLE) === 0)
    throw receivedLogNewer(path, `it has an entry of kind ${code}`);
  return {
    kind,
    descriptionBytes: bytes.readUInt32LE(0),
    contentBytes: bytes.readUInt32LE(4),
    position: bytes.readUInt32LE(12),
    descriptionChecksum: bytes.readUInt32LE(16),
    contentChecksum: bytes.readUInt32LE(20),
  };
}

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const place = v.object({ epoch: whole, run: whole, block: whole });
const run: v.GenericSchema<unknown, RunDescription> = v.object({
  input: v.string(),
  epoch: whole,
  run: whole,
  after: v.exactOptional(place),
});
const block: v.GenericSchema<unknown, BlockDescription> = v.object({
  input: v.string(),
  place,
  records: whole,
  position: v.exactOptional(
    v.pipe(
      v.string(),
      v.base64(),
      v.transform((text): Uint8Array => new Uint8Array(Buffer.from(text, "base64"))),
    ),
  ),
});

/** @throws RECEIVED_LOG_DAMAGED */
export function decodeRun(path: string, head: EntryHead, json: Uint8Array): RunDescription {
  return decoded(path, run, head, json);
}

/** @throws RECEIVED_LOG_DAMAGED */
export function decodeBlockDescription(path: string, head: EntryHead, json: Uint8Array): BlockDescription {
  return decoded(path, block, head, json);
}

function decoded<T>(path: string, schema: v.GenericSchema<unknown, T>, head: EntryHead, json: Uint8Array): T {
  if (crc32(json) !== head.descriptionChecksum)
    throw receivedLogDamaged(path, `the description of entry ${head.position} has another checksum than its head`);
  try {
    return v.parse(schema, JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)));
  } catch {
    throw receivedLogDamaged(path, `the description of entry ${head.position} does not have what belongs there`);
  }
}
