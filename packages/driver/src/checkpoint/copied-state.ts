import { EngineError } from "@millrace/base";
import { type FileSystem, fileExists, fileNotFound, type Location, within } from "@millrace/files";
import type { LoggedBatches, PendingBatch, StateHeads } from "@millrace/plan";
import { StateFiles, stateDeltaMissing } from "@millrace/storage";
import { partitionFolder } from "@millrace/storage/state-data";
import { type FoundCheckpoint, findCheckpoint, partitionsOf } from "./found-checkpoint.ts";

/** Attempts to take the files of a running job, which removes some that no batch needs any more. */
const ATTEMPTS_MAX = 5;
/** Files that are linked at a time. */
const AT_ONCE = 32;

/**
 * Gives the files of all states of a log a second place: they never change, so that a file system with links copies nothing. What is
 * there already stays. Files of batches after those of the log are left out.
 *
 * @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT What a version consists of is not complete, such as when its job removes files
 *   meanwhile; and the errors of the file system.
 */
export async function copyStates(
  files: FileSystem,
  { logged, from, to }: { readonly logged: LoggedBatches; readonly from: Location; readonly to: Location },
): Promise<void> {
  const there = new StateFiles({ files, directory: from });
  const copied = new StateFiles({ files, directory: to });
  for (const [operator, heads] of statesOf(logged)) {
    for (const [of, head] of partitionsOf(operator, heads)) {
      const [source, target] = [partitionFolder(from, of), partitionFolder(to, of)];
      const names = await there.namesUntil(of, heads.batch);
      for (let next = 0; next < names.length; next += AT_ONCE)
        await Promise.all(
          names.slice(next, next + AT_ONCE).map((name) => copyFile(files, within(source, name), within(target, name))),
        );
      if (head !== undefined) await copied.open(of, head, { take: () => undefined });
    }
  }
}

/**
 * Takes what a checkpoint has, which may be that of a running job: when the job has gone on, and has removed files that were still
 * to be taken, it is tried again with what the log says then.
 *
 * @throws The errors of `findCheckpoint` and of `take`.
 */
export async function takeCheckpoint<T>(
  files: FileSystem,
  directory: Location,
  take: (found: FoundCheckpoint) => Promise<T>,
): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    const found = await findCheckpoint(files, directory);
    try {
      return await take(found);
    } catch (error) {
      if (!isGone(error) || attempts >= ATTEMPTS_MAX) throw error;
    }
  }
}

function isGone(error: unknown): boolean {
  return error instanceof EngineError && (error.code === stateDeltaMissing.code || error.code === fileNotFound.code);
}

/** A batch that is under way, elsewhere: it runs again, from its input. What it has staged is the job's own. */
export function runsAgain(pending: PendingBatch): PendingBatch {
  return { ...pending, prepared: undefined, error: undefined, done: [] };
}

/** Those that the next batch builds on, and those that it may look back on. */
function statesOf({ committed, remembered, pending }: LoggedBatches): readonly (readonly [string, StateHeads])[] {
  const all = [committed, ...remembered, ...(pending === undefined ? [] : [pending])];
  return all.flatMap(({ states }) => [...states]);
}

async function copyFile(files: FileSystem, from: Location, to: Location): Promise<void> {
  if (files.link === undefined) return files.write(to, [await files.read(from)]);
  try {
    await files.link(from, to);
  } catch (error) {
    if (!(error instanceof EngineError && error.code === fileExists.code)) throw error;
  }
}
