import { discardFiles, publishFiles } from "@millrace/api/host";
import { toWireError } from "@millrace/base";
import type { FileSystems } from "@millrace/files";
import type { StagedFiles } from "@millrace/plan";
import type { RefusedOutput } from "@millrace/scheduler";

/**
 * Makes what outputs have staged visible, one after the other, each whatever becomes of the others. Never rejects.
 *
 * @param files The file systems that the job's packages bring are known on the thread of its code.
 */
export async function commitOutputs(
  files: FileSystems,
  outputs: readonly StagedFiles[],
): Promise<readonly RefusedOutput[]> {
  const refused: RefusedOutput[] = [];
  for (const staged of outputs) {
    try {
      await publishFiles(files, staged);
    } catch (error) {
      refused.push({ staged, error: toWireError(error) });
    }
  }
  return refused;
}

/** Removes what outputs have staged. Never rejects. */
export async function discardOutputs(files: FileSystems, outputs: readonly StagedFiles[]): Promise<void> {
  await Promise.all(outputs.map((staged) => discardFiles(files, staged)));
}
