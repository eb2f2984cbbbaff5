import { type ErrorFactory, errorKind } from "@millrace/base";
import type { FileSystem, Location } from "@millrace/files";
import type { BaseEntry, LoggedBatches, StateHeads, StateVersion } from "@millrace/plan";
import { recallBatches } from "@millrace/scheduler";
import { localFileSystems, type StatePartition } from "@millrace/storage";
import { readBatchLog } from "@millrace/storage/batch-log";

/** Names the savepoint from which a checkpoint directory was begun, so that the same command goes on from the directory. */
export const ORIGIN = "from-savepoint";

const checkpointNotFound: ErrorFactory = errorKind("CHECKPOINT_NOT_FOUND", "user");

/** The folder in which an import of state works. As long as there is no log beside it, the import is not complete. */
export const IMPORT_FOLDER = "import";

/** What may be in a checkpoint directory. */
export const checkpointFolders: ReadonlySet<string> = new Set([
  ...["batches", "owner", "received", "savepoints", "state", ORIGIN, IMPORT_FOLDER],
]);

/**
 * A checkpoint directory, as commands name it: a path on this machine, or a location of a file system whose package is installed
 * where the command runs.
 *
 * @throws FILE_SYSTEM_UNKNOWN
 */
export function checkpointAt(path: string): { readonly files: FileSystem; readonly directory: Location } {
  const systems = localFileSystems();
  const directory = systems.parse(path);
  return { files: systems.for(directory), directory };
}

/** The partitions of a state, with their heads. */
export function partitionsOf(
  operator: string,
  { partitions, heads }: StateHeads,
): readonly (readonly [StatePartition, StateVersion | undefined])[] {
  return Array.from({ length: partitions }, (_, partition) => [{ operator, partition, partitions }, heads[partition]]);
}

/** What the log of a checkpoint directory says. */
export interface FoundCheckpoint extends Pick<BaseEntry, "identity" | "parts" | "dropped"> {
  /** That of the owner who wrote it. */
  readonly epoch: number;
  readonly logged: LoggedBatches;
}

/**
 * Reads the log of a checkpoint directory, which may be that of a running job. Nothing is changed.
 *
 * @throws CHECKPOINT_NOT_FOUND, CHECKPOINT_DAMAGED, CHECKPOINT_NEWER, CHECKPOINT_OLDER, CHECKPOINT_INCONSISTENT, and the
 *   errors of the file system
 */
export async function findCheckpoint(files: FileSystem, directory: Location): Promise<FoundCheckpoint> {
  const { epoch, entries } = await readBatchLog({ files, directory });
  const [base] = entries;
  const logged = recallBatches(entries);
  if (base?.kind === "base" && logged !== undefined) {
    const { identity, parts, dropped } = base;
    return { identity, parts, dropped, epoch, logged };
  }
  throw checkpointNotFound(
    `${directory} has no checkpoint of a job: there is no batch log in its folder "batches". Name the directory that the job names as its checkpointDir.`,
    { fields: { directory } },
  );
}
