import type { EngineError } from "@millrace/base";
import { type StateRef, type StateVersion, versionName } from "@millrace/plan";
import { stateNotFound, stateSliceDamaged } from "../errors.ts";

/** A file that was done without. */
export function damagedFile({ operator, partition, partitions }: StateRef, file: string, error: unknown): EngineError {
  const why = error instanceof Error ? error.message : String(error);
  return stateSliceDamaged(
    `the file ${file} of the state of ${JSON.stringify(operator)}, partition ${partition} of ${partitions}, cannot be read. ` +
      `Older files are read in its place, which takes longer; nothing is lost. Check the disk. What was wrong: ${why}`,
    { fields: { operator, partition, file } },
  );
}

/** The files of the committed version are not there. */
export function notFound(ref: StateRef, head: StateVersion, there: readonly StateVersion[]): Error {
  const { operator, partition, partitions, directory } = ref;
  const newest = there.reduce<StateVersion | undefined>(
    (a, b) => (a === undefined || b.batch > a.batch ? b : a),
    undefined,
  );
  return stateNotFound(
    `the state of ${JSON.stringify(operator)}, partition ${partition} of ${partitions}, in version ${versionName(head)} is not in ${directory} ` +
      `as this process sees it; the newest there is ${newest === undefined ? "none" : versionName(newest)}. The job stops rather than compute wrong results. ` +
      "If files were removed, restore the directory from a copy (outputs of later batches are then met again, OUTPUT_EXISTS: remove them first), or " +
      "start with an empty one, without the state. If executors run on several machines, the directory must be the same storage for all: mount one volume " +
      "on each, or set checkpointDir to a path that all share. State of a released batch is not kept: call ssc.remember in build where RDDs are used " +
      "long after their batch.",
    { fields: { operator, partition, version: versionName(head), directory } },
  );
}
