import type { FileEntry } from "../engine-port.ts";
import { badRecordLength, inputMissing } from "../errors.ts";
import type { JobContext } from "../job-context.ts";
import type { FoundFile } from "./file-ranges.ts";
import { isHidden } from "./new-files.ts";

/**
 * A file, or the files of a directory that hold records, in order of their names.
 *
 * @throws INPUT_MISSING Nothing is there.
 */
export async function findFiles(context: JobContext, path: string): Promise<FoundFile[]> {
  const { files } = context.port;
  const at = files.resolve(path);
  const entry = await files.stat(at);
  if (entry?.kind === "file") return [{ path: at, bytes: entry.bytes }];
  const entries = entry === undefined ? undefined : await files.list(at);
  if (entries === undefined) {
    throw inputMissing(
      `there is no file or directory ${at}. The action fails. Check the path; relative ones count from where the job was started.`,
    );
  }
  return entries.filter(isData).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Hidden files, and those that writers use for themselves such as `_SUCCESS`, hold no records. */
function isData(entry: FileEntry): boolean {
  const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
  return entry.kind === "file" && !isHidden(entry.path) && !name.startsWith("_");
}

/** @throws BAD_RECORD_LENGTH */
export function checkRecords({ path, bytes }: FoundFile, recordBytes: number, operator: string): void {
  if (bytes % recordBytes === 0) return;
  throw badRecordLength(
    `the file ${path} has ${bytes} bytes, which is no whole number of records of ${recordBytes} bytes. The batch fails. ` +
      `Give ${operator} the length that the records have, and move files in complete.`,
    { fields: { path, bytes, recordBytes } },
  );
}
