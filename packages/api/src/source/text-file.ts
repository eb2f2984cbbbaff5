import { lazySource, type SourceNode } from "@millrace/plan";
import type { FileEntry } from "../engine-port.ts";
import { inputMissing } from "../errors.ts";
import type { JobContext } from "../job-context.ts";
import { type FoundFile, rangesOf } from "./file-ranges.ts";
import { isHidden } from "./new-files.ts";

/**
 * The lines of a file, or of every file of a directory in order of their names. It is looked at when it is first read.
 *
 * @throws INPUT_MISSING (from the action that reads it) Nothing is there.
 */
export function textFileSource(context: JobContext, path: string, minPartitions: number | undefined): SourceNode {
  const label = `textFile ${path}`;
  return lazySource(
    "text",
    async () => {
      const found = await findFiles(context, path);
      return rangesOf(found, minPartitions ?? Math.min(context.defaultParallelism, 2));
    },
    { lasting: context.phase === "building", label },
  );
}

async function findFiles(context: JobContext, path: string): Promise<FoundFile[]> {
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
