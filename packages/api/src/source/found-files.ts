import { naming } from "@millrace/base";
import { entriesOf, type FileEntry, type Location } from "@millrace/files";
import type { FoundFile } from "@millrace/plan";
import { badArgument, badRecordLength, inputMissing } from "../errors.ts";
import type { JobContext } from "../job/job-context.ts";
import type { EnginePort } from "../port/engine-port.ts";
import { filesUnreachable } from "../warnings.ts";
import { Names } from "./file-warnings.ts";
import { matchesOf, parseGlob } from "./glob.ts";
import { isHidden, namedWithProblem } from "./new-files.ts";

/**
 * A file, or the data files of a directory; or those of all paths that match wildcards. Ordered by name.
 *
 * @param at The result of {@link resolvePath}.
 * @throws INPUT_MISSING Nothing exists there. @throws BAD_ARGUMENT A bracket or brace is not closed.
 */
export async function findFiles({ port }: JobContext, at: Location): Promise<FoundFile[]> {
  const found = (await filesAt(port, at)) ?? (await filesMatching(port, at));
  if (found !== undefined) return found;
  throw inputMissing(
    `there is no file or directory ${at}. The action fails. Check the path; relative ones are relative to where the job was started.`,
  );
}

/**
 * The location of a path passed to an operator: resolved when the operator is called, so that a path without a file
 * system is refused there, not when something is read.
 *
 * @throws FILE_SYSTEM_UNKNOWN
 */
export function resolvePath({ port: { files } }: JobContext, path: string, operator: string): Location {
  return naming(operator, () => files.parse(path));
}

/** @throws BAD_ARGUMENT */
export function checkPath(path: string, operator: string): string {
  if (typeof path === "string" && path !== "") return path;
  throw badArgument(
    `the path given to ${operator} is ${path === "" ? "empty" : typeof path}. Give a file or directory.`,
  );
}

async function filesAt(port: EnginePort, path: Location): Promise<FoundFile[] | undefined> {
  const files = port.files.for(path);
  const entry = await files.stat(path);
  if (entry === undefined) return undefined;
  if (entry.kind === "file") return [{ path, bytes: entry.bytes, version: entry.version }];
  if (entry.kind !== "directory") {
    throw inputMissing(
      `${path} is a socket, device or pipe, not a file or directory. The action fails. Check the path.`,
    );
  }
  const entries = await entriesOf(files, path);
  warnOfLeftOut(port, path, entries ?? []);
  return entries?.filter(isData).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A directory, or a pattern, stands for everything in it. */
function warnOfLeftOut(port: EnginePort, at: string, entries: readonly FileEntry[]): void {
  const leftOut = (wanted: FileEntry["kind"]) => entries.filter(({ kind }) => kind === wanted).map(({ path }) => path);
  const unnameable = leftOut("unnameable");
  if (unnameable.length > 0) {
    port.warn(
      filesUnreachable(
        at,
        `no path refers to names that are not UTF-8, so these are left out: ${Names.of(unnameable)}. Give them other names.`,
      ),
    );
  }
  const dangling = leftOut("dangling").filter((path) => !isHidden(path));
  if (dangling.length > 0) {
    port.warn(
      filesUnreachable(
        at,
        `links without a target are left out: ${Names.of(dangling)}. Remove them, or create their targets.`,
      ),
    );
  }
  const unreachable = entries.filter(({ kind, path }) => kind === "unreachable" && !isHidden(path));
  if (unreachable.length > 0) {
    const names = Names.of(unreachable.map(namedWithProblem));
    port.warn(
      filesUnreachable(
        at,
        `entries that the system cannot access are left out: ${names}. Remove them, or fix their targets or permissions.`,
      ),
    );
  }
}

async function filesMatching(port: EnginePort, path: Location): Promise<FoundFile[] | undefined> {
  const glob = parseGlob(path);
  if (glob === undefined) return undefined;
  const files = port.files.for(path);
  const listed = new Map<string, FileEntry>();
  const paths = await matchesOf(glob, async (directory, last) => {
    const entries = (await entriesOf(files, directory)) ?? [];
    for (const entry of entries) if (last && NOT_THERE.has(entry.kind)) listed.set(entry.path, entry);
    return entries
      .filter((entry) => entry.kind === "directory" || (last && (isData(entry) || listed.has(entry.path))))
      .map(({ name }) => name);
  });
  const unreachable = paths.map((each) => listed.get(each)).filter((entry) => entry !== undefined);
  warnOfLeftOut(port, path, unreachable);
  const found = (
    await Promise.all(paths.filter((each) => !listed.has(each)).map((each) => filesAt(port, each)))
  ).filter((each) => each !== undefined);
  return found.length === 0 ? undefined : found.flat();
}

/** Kinds of entries that no path refers to. */
const NOT_THERE: ReadonlySet<FileEntry["kind"]> = new Set(["unnameable", "dangling", "unreachable"]);

/** Hidden files, and writers' own files such as `_SUCCESS`, contain no records. */
function isData(entry: FileEntry): boolean {
  return entry.kind === "file" && !isHidden(entry.path) && !entry.name.startsWith("_");
}

/** @throws BAD_RECORD_LENGTH */
export function checkRecords({ path, bytes }: FoundFile, recordBytes: number, operator: string): void {
  if (bytes % recordBytes === 0) return;
  throw badRecordLength(
    `the file ${path} has ${bytes} bytes, which is not a whole number of records of ${recordBytes} bytes. The batch fails. ` +
      `Give ${operator} the actual length of the records, and move files in complete.`,
    { fields: { path, bytes, recordBytes } },
  );
}
