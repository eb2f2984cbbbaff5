import { type ErrorFactory, errorKind } from "@millrace/base";
import { type FileSystem, type Location, schemeOf, within } from "@millrace/files";
import type { BatchLogEntry } from "@millrace/plan";
import { copyStates } from "./copied-state.ts";
import { findCheckpoint, ORIGIN } from "./found-checkpoint.ts";

export const checkpointNotEmpty: ErrorFactory = errorKind("CHECKPOINT_NOT_EMPTY", "user");
const elsewhere: ErrorFactory = errorKind("SAVEPOINT_ELSEWHERE", "user");

/**
 * Fills the checkpoint directory of a job that starts from a savepoint.
 *
 * @param entries Of its own log, if it has one.
 * @returns What the job goes on from: the savepoint, or, if it was started from that before, its own log.
 * @throws CHECKPOINT_NOT_EMPTY, SAVEPOINT_ELSEWHERE, CHECKPOINT_NOT_FOUND, STATE_DELTA_MISSING, and the errors of the file system
 */
export async function startFrom(
  files: FileSystem,
  {
    savepoint,
    directory,
    entries,
  }: { readonly savepoint: Location; readonly directory: Location; readonly entries: readonly BatchLogEntry[] },
): Promise<readonly BatchLogEntry[]> {
  const origin = within(directory, ORIGIN);
  if (entries.length > 0) {
    const known = (await files.stat(origin)) === undefined ? "" : new TextDecoder().decode(await files.read(origin));
    if (known === savepoint) return entries;
    throw checkpointNotEmpty(
      `the job is to start from the savepoint ${savepoint}, and its checkpoint directory ${directory} has a checkpoint already${known === "" ? "" : `, which began from ${known}`}. ` +
        "It is not started, since that one would be lost. Give the job an empty checkpoint directory, or leave --from-savepoint (checkpoint.from) out to go on from what is there.",
      { fields: { savepoint, directory } },
    );
  }
  if (schemeOf(savepoint) !== schemeOf(directory))
    throw elsewhere(
      `the savepoint ${savepoint} and the checkpoint directory ${directory} are on different file systems. The job is not started. Copy the savepoint to ${schemeOf(directory)}: first.`,
      { fields: { savepoint, directory } },
    );
  const { identity, parts, dropped, logged } = await findCheckpoint(files, savepoint);
  await copyStates(files, { logged, from: savepoint, to: directory });
  await files.write(origin, [new TextEncoder().encode(savepoint)]);
  return [{ kind: "base", identity, parts, dropped, base: logged }];
}
