import { naming } from "@millrace/base";
import type { DriverFiles, FileEntry } from "../engine-port.ts";
import { badRecordLength, inputMissing } from "../errors.ts";
import type { JobContext } from "../job-context.ts";
import type { FoundFile } from "./file-ranges.ts";
import { matchesOf, parseGlob } from "./glob.ts";
import { isHidden } from "./new-files.ts";

/**
 * A file, or the files of a directory that hold records; or those of all that match a path with wildcards. In order of
 * their names.
 *
 * @param at As {@link resolvePath} gives it.
 * @throws INPUT_MISSING Nothing is there. @throws BAD_ARGUMENT A bracket or brace is not closed.
 */
export async function findFiles({ port: { files } }: JobContext, at: string): Promise<FoundFile[]> {
  const found = (await filesAt(files, at)) ?? (await filesMatching(files, at));
  if (found !== undefined) return found;
  throw inputMissing(
    `there is no file or directory ${at}. The action fails. Check the path; relative ones count from where the job was started.`,
  );
}

/**
 * The absolute form of a path that an author gave to an operator: asked for when the operator is called, so that a path
 * which no file system serves is refused there, and not when something is read.
 *
 * @throws FILE_SYSTEM_UNKNOWN
 */
export function resolvePath({ port: { files } }: JobContext, path: string, operator: string): string {
  return naming(operator, () => files.resolve(path));
}

async function filesAt(files: DriverFiles, path: string): Promise<FoundFile[] | undefined> {
  const entry = await files.stat(path);
  if (entry === undefined || entry.kind === "file") return entry && [entry];
  return (await files.list(path))?.filter(isData).sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function filesMatching(files: DriverFiles, path: string): Promise<FoundFile[] | undefined> {
  const glob = parseGlob(path);
  if (glob === undefined) return undefined;
  const paths = await matchesOf(glob, async (directory, last) => {
    const entries = (await files.list(directory)) ?? [];
    return entries.filter((entry) => entry.kind === "directory" || (last && isData(entry))).map(nameOf);
  });
  const found = (await Promise.all(paths.map((each) => filesAt(files, each)))).filter((each) => each !== undefined);
  return found.length === 0 ? undefined : found.flat();
}

/** Hidden files, and those that writers use for themselves such as `_SUCCESS`, hold no records. */
function isData(entry: FileEntry): boolean {
  return entry.kind === "file" && !isHidden(entry.path) && !nameOf(entry).startsWith("_");
}

export function nameOf({ path }: FileEntry): string {
  return path.slice(path.lastIndexOf("/") + 1);
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
