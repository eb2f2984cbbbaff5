import { constants } from "node:buffer";
import { formatSize } from "@millrace/base";
import { recordTooLarge } from "@millrace/codec";
import type { TaskFiles } from "../ports.ts";

/** A file that is one record must fit a string, and a record. */
const FILE_BYTES_MAX = Math.min(constants.MAX_STRING_LENGTH, 2 ** 29);

/** All bytes of a file. @throws INPUT_FILE_FAILED, RECORD_TOO_LARGE */
export function wholeFile(files: TaskFiles, path: string): Buffer {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of files.read(path, 0)) {
    pieces.push(new Uint8Array(piece)); // it is good until the next one only
    bytes += piece.length;
    if (bytes > FILE_BYTES_MAX) throw tooLarge(path);
  }
  return Buffer.concat(pieces, bytes);
}

function tooLarge(path: string) {
  return recordTooLarge(
    `the file ${path} is to be one record and has more than ${formatSize(FILE_BYTES_MAX)}. The task fails. Read it with textFile or binaryRecords, which take files apart.`,
    { fields: { path } },
  );
}
