import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip, gunzipSync } from "node:zlib";
import type { ListedFile } from "@millrace/operators";
import { changedSince, fileNotFound, localPath, localVersion } from "@millrace/storage";
import { inputDamaged, inputFileFailed } from "../errors.ts";
import type { FilePieces, ZippedPieces } from "../ports.ts";

const READ_BYTES = 256 * 1024;

/** The bytes of a file of this machine from a place on. They have to be those of the version that was listed. */
export class LocalInput implements FilePieces {
  readonly #file: ListedFile;
  readonly #start: number;
  #open: number | undefined;
  /** The version that was there when the file was closed. */
  #closedAs: string | undefined;

  constructor(file: ListedFile, start: number) {
    this.#file = file;
    this.#start = start;
  }

  *[Symbol.iterator](): Generator<Uint8Array, void, undefined> {
    const file = this.#attempt("opened", () => openSync(localPath(this.#file.path), "r"));
    this.#open = file;
    try {
      this.verify();
      const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
      for (let position = this.#start; ; ) {
        const at = position;
        const read = this.#attempt("read", () => readSync(file, buffer, 0, READ_BYTES, at));
        if (read === 0) return;
        position += read;
        yield buffer.subarray(0, read);
      }
    } finally {
      this.#closedAs = versionOf(file);
      this.#open = undefined;
      closeSync(file);
    }
  }

  verify(cause?: unknown): void {
    const now = this.#open === undefined ? this.#closedAs : versionOf(this.#open);
    const { path, version } = this.#file;
    if (now !== undefined && now !== version) throw changedSince(path, version, now, cause);
  }

  #attempt<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw failedToRead(this.#file.path, what, error);
    }
  }
}

/** The first two bytes of every gzip file. */
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** What a zipped file of this machine holds. */
export class LocalZippedInput implements ZippedPieces {
  readonly #path: string;
  readonly #zipped: LocalInput;

  constructor(file: ListedFile) {
    this.#path = file.path;
    this.#zipped = new LocalInput(file, 0);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    let start = new Uint8Array();
    const source = Readable.from(copies(this.#zipped, (first) => (start = first.slice(0, GZIP_MAGIC.length))));
    const zip = createGunzip({ chunkSize: READ_BYTES });
    source.once("error", (error) => zip.destroy(error)); // a pipe does not hand errors on
    try {
      for await (const piece of source.pipe(zip)) yield piece as Uint8Array; // a gunzip's chunks
    } catch (error) {
      this.#zipped.verify(error);
      throw unzipFailed(this.#path, start, error);
    } finally {
      source.destroy();
      zip.destroy();
    }
  }

  verify(cause?: unknown): void {
    this.#zipped.verify(cause);
  }
}

/** The unzipped content of a file, from its whole bytes. @throws INPUT_DAMAGED, ERR_BUFFER_TOO_LARGE */
export function unzipWhole(path: string, bytes: Uint8Array, bytesMax: number): Buffer {
  if (bytes.length === 0) return Buffer.alloc(0);
  try {
    return gunzipSync(bytes, { maxOutputLength: bytesMax });
  } catch (error) {
    throw unzipFailed(path, bytes, error);
  }
}

function versionOf(file: number): string {
  return localVersion(fstatSync(file, { bigint: true }));
}

/** The unzipper may still hold a piece when the next one is asked for. */
function* copies(
  pieces: Iterable<Uint8Array>,
  onFirst: (piece: Uint8Array) => void,
): Generator<Uint8Array, void, undefined> {
  let first = true;
  for (const piece of pieces) {
    if (first) onFirst(piece);
    first = false;
    yield new Uint8Array(piece);
  }
}

function failedToRead(path: string, what: string, error: unknown) {
  const options = { cause: error, fields: { path } };
  if (codeOf(error) === "ENOENT") {
    return fileNotFound(
      `the input file ${path} could not be ${what}: there is nothing at that path any more, or this executor does not see the storage ` +
        "that the driver has listed. Its batch fails. Leave files in place until the batch that reads them is done, at a path that " +
        "every executor has; keep a stream from the temporary names of other writers with a filter.",
      options,
    );
  }
  return inputFileFailed(
    `the input file ${path} could not be ${what}: ${reason(error)}. ` +
      "The file must stay in place, readable on every executor, until its batch is done.",
    options,
  );
}

/** @param start Of the zipped file: two bytes at least, if it has them. */
function unzipFailed(path: string, start: Uint8Array, error: unknown) {
  const code = codeOf(error);
  if (code === undefined || !code.startsWith("Z_")) return error;
  const options = { cause: error, fields: { path, reason: code } };
  const failed = `the input file ${path} could not be unzipped`;
  if (code === "Z_BUF_ERROR") {
    return inputDamaged(
      `${failed}: it ends in the middle (${reason(error)}), so it was cut short or is not complete yet. Its batch fails. ` +
        "Write it elsewhere and rename it into place when it is complete.",
      options,
    );
  }
  if (/header check/.test(reason(error))) {
    if (GZIP_MAGIC.every((byte, at) => start[at] === byte)) {
      return inputDamaged(
        `${failed}: it begins as gzip files do, and bytes that are not gzip data follow (${reason(error)}). Its batch fails. ` +
          'Check its end with "gzip -t", and write it again without what follows.',
        options,
      );
    }
    return inputDamaged(
      `${failed}: its name ends in .gz, and it does not begin as gzip files do (${reason(error)}). Its batch fails. ` +
        "Compress it with gzip, or give it another name.",
      options,
    );
  }
  return inputDamaged(
    `${failed}: its bytes are damaged (${reason(error)}). Its batch fails. Check it with "gzip -t", and copy it again from where it was made.`,
    options,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
