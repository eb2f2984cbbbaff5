import { crc32 } from "node:zlib";
import { entriesOf, type FileReader, type FileSystem, type Location, within } from "@millrace/files";
import {
  type BlockLocation,
  comparePlaces,
  type LoggedAt,
  type LoggedBlock,
  type LoggedRun,
  placeOf,
  type ReceivedLogContent,
} from "@millrace/plan";
import { receivedLogDamaged } from "./errors.ts";
import {
  checkSegmentHeader,
  decodeBlockDescription,
  decodeEntryHead,
  decodeRun,
  ENTRY_HEADER_BYTES,
  type EntryHead,
  type ReceivedSegment,
  SEGMENT_HEADER_BYTES,
  segmentOf,
} from "./log-entry.ts";
import { receivedLogDirectory, segmentPath } from "./received-log-writer.ts";

export interface ReceivedLogOptions {
  readonly files: FileSystem;
  /** The checkpoint directory. */
  readonly directory: Location;
}

/** What is read at once of a segment: a head with its description, as a rule. */
const LOOK_BYTES = 1_024;
const ENDING = ".log";

/**
 * Lists what a log has, without reading the blocks themselves. O(entries).
 *
 * @throws RECEIVED_LOG_DAMAGED, RECEIVED_LOG_NEWER, and the errors of the file system.
 */
export async function listReceivedLog({ files, directory }: ReceivedLogOptions): Promise<ReceivedLogContent> {
  const log = receivedLogDirectory(directory);
  const found: { readonly name: string; readonly id: ReceivedSegment }[] = [];
  for (const { name, kind } of (await entriesOf(files, log)) ?? []) {
    if (kind !== "file" || !name.endsWith(ENDING)) continue;
    const segment = name.slice(0, -ENDING.length);
    const id = segmentOf(segment);
    if (id !== undefined) found.push({ name: segment, id });
  }
  found.sort((a, b) => a.id.epoch - b.id.epoch || a.id.number - b.id.number);
  const runs: LoggedRun[] = [];
  const blocks: LoggedBlock[] = [];
  for (const { name, id } of found) {
    const reader = await files.open(segmentPath(log, name));
    try {
      for await (const entry of entriesIn(reader, name, id)) {
        if (entry.kind === "run") runs.push(entry.run);
        else blocks.push(entry.block);
      }
    } finally {
      await reader.close();
    }
  }
  return { segments: found.map(({ name }) => name), runs, blocks };
}

type Entry =
  | { readonly kind: "run"; readonly run: LoggedRun }
  | { readonly kind: "block"; readonly block: LoggedBlock };

async function* entriesIn(reader: FileReader, segment: string, id: ReceivedSegment): AsyncGenerator<Entry> {
  const { path, bytes: size } = reader;
  let at = checkSegmentHeader(path, id, await look(reader, 0, SEGMENT_HEADER_BYTES + (1 << 16)));
  for (let position = 0; at < size; position++) {
    const seen = await look(reader, at, LOOK_BYTES);
    const head = seen.length < ENTRY_HEADER_BYTES ? undefined : decodeEntryHead(path, seen);
    const end = head && at + ENTRY_HEADER_BYTES + head.descriptionBytes + head.contentBytes;
    // What its writer was killed at was never relied on.
    if (end === undefined ? await isTorn(reader, at, seen) : end > size) return;
    if (end === undefined || head?.position !== position)
      throw receivedLogDamaged(path, `the head of entry ${position}, at byte ${at}, is wrong`);
    if (end === size && head.contentBytes > 0 && (await isZero(reader, end - head.contentBytes, end))) return;
    if (head.kind !== undefined) {
      const json = await described(reader, at, head, seen);
      if (head.kind === "run") yield { kind: "run", run: decodeRun(path, head, json) };
      else {
        const description = decodeBlockDescription(path, head, json);
        const block = { ...description, bytes: head.contentBytes, at: { segment, offset: at } };
        yield { kind: "block", block };
      }
    }
    at = end;
  }
}

/** An incomplete head, or zeros, which some file systems leave where a crash of the machine cut off what was appended. */
async function isTorn(reader: FileReader, at: number, seen: Buffer): Promise<boolean> {
  return seen.length < ENTRY_HEADER_BYTES || isZero(reader, at, reader.bytes);
}

async function isZero(reader: FileReader, from: number, end: number): Promise<boolean> {
  for (let at = from; at < end; at += 1 << 16) {
    const some = await look(reader, at, Math.min(1 << 16, end - at));
    if (some.some((byte) => byte !== 0)) return false;
  }
  return true;
}

async function described(reader: FileReader, at: number, head: EntryHead, seen: Buffer): Promise<Buffer> {
  const end = ENTRY_HEADER_BYTES + head.descriptionBytes;
  const bytes = end <= seen.length ? seen : await look(reader, at, end);
  return bytes.subarray(ENTRY_HEADER_BYTES, end);
}

async function look(reader: FileReader, position: number, bytes: number): Promise<Buffer> {
  const target = Buffer.allocUnsafeSlow(Math.max(0, Math.min(bytes, reader.bytes - position)));
  return target.subarray(0, await reader.read(target, position));
}

/**
 * The content of a received block.
 *
 * @throws RECEIVED_LOG_DAMAGED, FILE_NOT_FOUND, and the other errors of the file system.
 */
export async function readLoggedBlock(
  { files, directory }: ReceivedLogOptions,
  { id, bytes }: Pick<BlockLocation, "id" | "bytes">,
  { segment, offset }: LoggedAt,
): Promise<Uint8Array> {
  const path = segmentPath(receivedLogDirectory(directory), segment);
  const seen = await readRange(files, path, offset, ENTRY_HEADER_BYTES + LOOK_BYTES + bytes);
  const head = seen.length < ENTRY_HEADER_BYTES ? undefined : decodeEntryHead(path, seen);
  if (head?.kind !== "block")
    throw receivedLogDamaged(path, `no block begins at byte ${offset}, where ${id} should be`);
  const start = ENTRY_HEADER_BYTES + head.descriptionBytes;
  const end = start + head.contentBytes;
  const entry = end <= seen.length ? seen : await readRange(files, path, offset, end);
  const { place } = decodeBlockDescription(path, head, entry.subarray(ENTRY_HEADER_BYTES, start));
  if (comparePlaces(place, placeOf(id)) !== 0 || head.contentBytes !== bytes)
    throw receivedLogDamaged(path, `another block than ${id} is at byte ${offset}`);
  const content = entry.subarray(start, end);
  if (content.length < bytes || crc32(content) !== head.contentChecksum)
    throw receivedLogDamaged(path, `the content of block ${id}, at byte ${offset}, has another checksum than its head`);
  return content;
}

async function readRange(files: FileSystem, path: Location, start: number, bytes: number): Promise<Buffer> {
  const read = await files.read(path, { start, end: start + bytes });
  return Buffer.from(read.buffer, read.byteOffset, read.byteLength);
}

/** Removes segments that nothing needs. @returns Those that could not be removed. */
export async function removeSegments(
  { files, directory }: ReceivedLogOptions,
  segments: readonly string[],
): Promise<readonly string[]> {
  const log = receivedLogDirectory(directory);
  const done = await Promise.allSettled(segments.map((segment) => files.remove(within(log, `${segment}${ENDING}`))));
  return segments.filter((_, i) => done[i]?.status === "rejected");
}
