import { constants } from "node:buffer";
import { formatSize } from "@millrace/base";
import { recordTooLarge } from "@millrace/codec";
import type { FileSystems, ListedFile } from "@millrace/files";
import { LaterSlices, Slices } from "@millrace/operators";
import { isZipped } from "../sink/text-file.ts";
import { type FilePieces, readPieces } from "./pieces.ts";
import { unzipWhole } from "./unzip.ts";

/** A file that is one record must fit a string, and a record. */
const FILE_BYTES_MAX = Math.min(constants.MAX_STRING_LENGTH, 2 ** 29);

type WholeFiles = Slices | LaterSlices;

/**
 * `[path, text]` of each file, decompressed if its name says so; invalid UTF-8 becomes U+FFFD. One file is in memory at
 * a time.
 *
 * @throws As {@link wholeBytes}; INPUT_DAMAGED
 */
export function wholeTexts(files: FileSystems, listed: Iterable<ListedFile>): WholeFiles {
  return wholeFiles(files, listed, (path, bytes) => (isZipped(path) ? unzipped(path, bytes) : bytes).toString("utf8"));
}

/**
 * `[path, bytes]` of each file, as they are.
 *
 * @throws FILE_CHANGED, FILE_NOT_FOUND, INPUT_FILE_FAILED, RECORD_TOO_LARGE (while iterating)
 */
export function wholeBytes(files: FileSystems, listed: Iterable<ListedFile>): WholeFiles {
  return wholeFiles(files, listed, (_, bytes) => new Uint8Array(bytes));
}

type Finish = (path: string, bytes: Buffer) => unknown;

interface Whole {
  readonly file: ListedFile;
  readonly pieces: FilePieces;
}

function wholeFiles(files: FileSystems, listed: Iterable<ListedFile>, finish: Finish): WholeFiles {
  const wholes = Array.from(listed, (file) => ({ file, pieces: readPieces(files, file) }));
  return wholes.some(({ pieces }) => pieces.later)
    ? new LaterSlices(readLater(wholes, finish))
    : new Slices(readNow(wholes, finish));
}

function* readNow(wholes: readonly Whole[], finish: Finish): Generator<readonly unknown[], void, undefined> {
  for (const { file, pieces } of wholes) {
    const whole = new WholeFile(file.path);
    try {
      for (let piece = pieces.next(); piece !== undefined; piece = pieces.next()) whole.add(piece);
      pieces.verify();
    } finally {
      pieces.close();
    }
    yield [[file.path, finish(file.path, whole.bytes())]];
  }
}

async function* readLater(
  wholes: readonly Whole[],
  finish: Finish,
): AsyncGenerator<readonly unknown[], void, undefined> {
  for (const { file, pieces } of wholes) {
    const whole = new WholeFile(file.path);
    try {
      for (let piece = await pieces.nextLater(); piece !== undefined; piece = await pieces.nextLater())
        whole.add(piece);
      await pieces.verify();
    } finally {
      await pieces.close();
    }
    yield [[file.path, finish(file.path, whole.bytes())]];
  }
}

class WholeFile {
  readonly #path: string;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(piece: Uint8Array): void {
    this.#pieces.push(new Uint8Array(piece)); // it is valid only until the next one
    this.#bytes += piece.length;
    if (this.#bytes > FILE_BYTES_MAX) throw tooLarge(this.#path);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces, this.#bytes);
  }
}

function unzipped(path: string, bytes: Buffer): Buffer {
  try {
    return unzipWhole(path, bytes, FILE_BYTES_MAX);
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(path); // Node's ERR_BUFFER_TOO_LARGE
    throw error;
  }
}

function tooLarge(path: string) {
  return recordTooLarge(
    `the file ${path} would be one record and has more than ${formatSize(FILE_BYTES_MAX)}. The task fails. Read it with textFile or binaryRecords, which split files.`,
    { fields: { path } },
  );
}
