import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { type FoundFile, type Lineage, lazySource, narrow, type SourceFormat, type TaskInput } from "@millrace/plan";
import { placeOutside } from "../graph/outside.ts";
import type { JobContext } from "../job/job-context.ts";
import { rangesOf } from "./file-ranges.ts";
import { checkRecords, findFiles, resolvePath } from "./found-files.ts";

/** Partitions of files have about equal size. */
const PARTITION_BYTES_MAX = 64 * 1024 * 1024;

interface StaticFiles {
  /** The public name of the operation. */
  readonly operator: string;
  /** A file, a directory, or a path with wildcards. */
  readonly path: string;
}

/** An RDD of files that are listed when it is first read. @throws FILE_SYSTEM_UNKNOWN */
function filesSource(
  context: JobContext,
  { operator, path }: StaticFiles,
  format: SourceFormat,
  inputsOf: (found: readonly FoundFile[]) => readonly TaskInput[],
): Lineage {
  const label = `${operator} ${path}`;
  const at = resolvePath(context, path, operator);
  if (context.building) context.addOutside(placeOutside(context.port, { path: at, use: "source" }));
  const resolve = async () => inputsOf(await findFiles(context, at));
  return lazySource(format, resolve, { lasting: context.building, label });
}

function leastPartitions(context: JobContext, given: number | undefined): number {
  return given ?? Math.min(context.defaultParallelism, 2);
}

/** Lines; compressed files have one partition each. */
export function textFiles(context: JobContext, files: StaticFiles, minPartitions: number | undefined): Lineage {
  return filesSource(context, files, "text", (found) =>
    rangesOf(found, { partitions: leastPartitions(context, minPartitions) }),
  );
}

/** Records of fixed length. */
export function recordFiles(context: JobContext, files: StaticFiles, recordBytes: number): Lineage {
  return filesSource(context, files, { recordBytes }, (found) => {
    for (const file of found) checkRecords(file, recordBytes, files.operator);
    return rangesOf(found, { partitions: leastPartitions(context, undefined), unitBytes: recordBytes });
  });
}

/** The output of `saveAsObjectFile`: a partition for each file. */
export function objectFiles(context: JobContext, files: StaticFiles): Lineage {
  return filesSource(context, files, "blocks", (found) =>
    found.map(({ path, bytes, version }) => ({ kind: "file", path, start: 0, end: bytes, version })),
  );
}

/** `[path, content]` of each file. */
export function wholeFiles(
  context: JobContext,
  files: StaticFiles,
  read: "readText" | "readBytes",
  minPartitions: number | undefined,
): Lineage {
  const paths = filesSource(context, files, "blocks", (found) =>
    groupsOf(found, leastPartitions(context, minPartitions)).map((group) => ({
      kind: "inline",
      block: encodeBlock(
        group.map(({ path, version }) => [path, version]),
        emptyClassTable,
      ),
    })),
  );
  return narrow(paths, { kind: "mapPartitions", fn: operators[read].ref(), label: files.operator }, false);
}

/** Groups of neighbouring files with about equal sizes, and not too many. */
export function groupsOf(files: readonly FoundFile[], least: number): FoundFile[][] {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const goal = Math.min(PARTITION_BYTES_MAX, total / least);
  const groups: FoundFile[][] = [];
  let room = 0;
  for (const file of files) {
    const last = groups.at(-1);
    if (last === undefined || room < file.bytes / 2) {
      groups.push([file]);
      room = goal - file.bytes;
    } else {
      last.push(file);
      room -= file.bytes;
    }
  }
  return groups;
}
