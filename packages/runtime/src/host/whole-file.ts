import { constants } from "node:buffer";
import { formatSize } from "@millrace/base";
import { recordTooLarge } from "@millrace/codec";
import type { ListedFile } from "@millrace/operators";
import type { TaskFiles } from "../ports.ts";
import { isZipped } from "../sink/text-file.ts";
import { unzipWhole } from "../slot/local-input.ts";

/** A file that is one record must fit a string, and a record. */
const FILE_BYTES_MAX = Math.min(constants.MAX_STRING_LENGTH, 2 ** 29);

/** The text of a file, unzipped if its name says so; invalid UTF-8 becomes U+FFFD. @throws As {@link wholeFile}; INPUT_DAMAGED */
export function wholeText(files: TaskFiles, file: ListedFile): string {
  const bytes = wholeFile(files, file);
  const text = isZipped(file.path) ? unzipped(file.path, bytes) : bytes;
  return text.toString("utf8");
}

function unzipped(path: string, bytes: Buffer): Buffer {
  try {
    return unzipWhole(path, bytes, FILE_BYTES_MAX);
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(path); // Node's ERR_BUFFER_TOO_LARGE
    throw error;
  }
}

/** All bytes of a file as they are. @throws FILE_CHANGED, FILE_NOT_FOUND, INPUT_FILE_FAILED, RECORD_TOO_LARGE */
export function wholeFile(files: TaskFiles, file: ListedFile): Buffer {
  const { path } = file;
  const source = files.read(file, 0);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of source) {
    pieces.push(new Uint8Array(piece)); // it is good until the next one only
    bytes += piece.length;
    if (bytes > FILE_BYTES_MAX) throw tooLarge(path);
  }
  source.verify();
  return Buffer.concat(pieces, bytes);
}

function tooLarge(path: string) {
  return recordTooLarge(
    `the file ${path} is to be one record and has more than ${formatSize(FILE_BYTES_MAX)}. The task fails. Read it with textFile or binaryRecords, which take files apart.`,
    { fields: { path } },
  );
}
