import { Readable } from "node:stream";
import { createGunzip, gunzipSync } from "node:zlib";
import { inputDamaged } from "../errors.ts";
import type { FilePieces } from "./pieces.ts";

const CHUNK_BYTES = 256 * 1024;

/** The first two bytes of every gzip file. */
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * The decompressed content of a gzip file, in pieces of any size.
 *
 * @param zipped Its bytes; closed at the end.
 * @throws INPUT_DAMAGED (while iterating), and errors of reading.
 */
export async function* unzipped(path: string, zipped: FilePieces): AsyncGenerator<Uint8Array, void, undefined> {
  let start = new Uint8Array();
  const onFirst = (first: Uint8Array): void => {
    start = first.slice(0, GZIP_MAGIC.length);
  };
  const source = Readable.from(zipped.later ? copiesLater(zipped, onFirst) : copies(zipped, onFirst));
  const zip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.once("error", (error) => zip.destroy(error)); // a pipe does not propagate errors
  try {
    for await (const piece of source.pipe(zip)) yield piece as Uint8Array; // a gunzip's chunks
  } catch (error) {
    await zipped.verify(error);
    throw unzipFailed(path, start, error);
  } finally {
    source.destroy();
    zip.destroy();
    await zipped.close();
  }
}

/** The decompressed content of a file, from its whole bytes. @throws INPUT_DAMAGED, ERR_BUFFER_TOO_LARGE */
export function unzipWhole(path: string, bytes: Uint8Array, bytesMax: number): Buffer {
  if (bytes.length === 0) return Buffer.alloc(0);
  try {
    return gunzipSync(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    throw unzipFailed(path, bytes, error);
  }
}

/** The decompressor may still hold a piece when the next one is requested. */
function* copies(pieces: FilePieces, onFirst: (piece: Uint8Array) => void): Generator<Uint8Array, void, undefined> {
  let first = true;
  for (let piece = pieces.next(); piece !== undefined; piece = pieces.next()) {
    if (first) onFirst(piece);
    first = false;
    yield new Uint8Array(piece);
  }
}

async function* copiesLater(
  pieces: FilePieces,
  onFirst: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let first = true;
  for (let piece = await pieces.nextLater(); piece !== undefined; piece = await pieces.nextLater()) {
    if (first) onFirst(piece);
    first = false;
    yield new Uint8Array(piece);
  }
}

/** @param start Of the compressed file: at least two bytes, if it has them. */
function unzipFailed(path: string, start: Uint8Array, error: unknown) {
  const code = codeOf(error);
  if (code === undefined || !code.startsWith("Z_")) return error;
  const options = { cause: error, fields: { path, reason: code } };
  const failed = `the input file ${path} could not be unzipped`;
  if (code === "Z_BUF_ERROR") {
    return inputDamaged(
      `${failed}: it ends prematurely (${reason(error)}), so it was truncated or is not complete yet. Its batch fails. ` +
        "Write it elsewhere and rename it into place when it is complete.",
      options,
    );
  }
  if (/header check/.test(reason(error))) {
    if (GZIP_MAGIC.every((byte, at) => start[at] === byte)) {
      return inputDamaged(
        `${failed}: it begins like a gzip file, but bytes that are not gzip data follow (${reason(error)}). Its batch fails. ` +
          'Check its end with "gzip -t", and write it again without what follows.',
        options,
      );
    }
    return inputDamaged(
      `${failed}: its name ends in .gz, but it does not begin like a gzip file (${reason(error)}). Its batch fails. ` +
        "Compress it with gzip, or give it another name.",
      options,
    );
  }
  return inputDamaged(
    `${failed}: its bytes are damaged (${reason(error)}). Its batch fails. Check it with "gzip -t", and copy it again from its origin.`,
    options,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
