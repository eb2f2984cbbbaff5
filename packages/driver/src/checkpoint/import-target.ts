import { entriesOf, type FileSystem, type Location } from "@millrace/files";
import { newestEpoch } from "@millrace/storage/batch-log";
import { checkpointFolders, IMPORT_FOLDER } from "./found-checkpoint.ts";
import { checkpointNotEmpty } from "./start-from.ts";

/** What is there already is another's: a job may have been deployed on the wrong directory. @throws CHECKPOINT_NOT_EMPTY */
export async function refuseForeign(files: FileSystem, directory: Location): Promise<void> {
  const entries = (await entriesOf(files, directory)) ?? [];
  const foreign = entries.find(({ name }) => !checkpointFolders.has(name));
  if (foreign !== undefined)
    throw notEmpty(directory, `it has ${JSON.stringify(foreign.name)}, which is of something else`);
}

/** @throws CHECKPOINT_NOT_EMPTY */
export async function refuseUnlessEmpty(files: FileSystem, directory: Location): Promise<void> {
  const names = new Set((await entriesOf(files, directory))?.map(({ name }) => name));
  names.delete("owner");
  if (names.delete(IMPORT_FOLDER) && !(await hasLog(files, directory)))
    for (const folder of ["state", "batches"]) names.delete(folder); // an import was cut off
  if (names.size > 0) throw notEmpty(directory, "it has a checkpoint already");
}

/** The folder of the log is made before its first segment, and does not count without one. */
export async function hasLog(files: FileSystem, directory: Location): Promise<boolean> {
  return (await newestEpoch({ files, directory })) > 0;
}

function notEmpty(directory: Location, why: string): Error {
  return checkpointNotEmpty(
    `state is to be imported into the directory ${directory}, and ${why}. Nothing is imported, since that would be lost. Name a directory that is empty or not there. ` +
      `To replace the state of some operators in a checkpoint, make a new one out of it: --from ${directory}.`,
    { fields: { directory } },
  );
}
