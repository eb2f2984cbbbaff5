import { readdirSync } from "node:fs";
import { join } from "node:path";
import { locationFrom } from "@millrace/files";
import { isSameVersion, type StateHeads, type StateVersion, versionName } from "@millrace/plan";
import { LocalFileSystem, StateFiles, sliceFileName } from "@millrace/storage";
import { readBatchLog } from "@millrace/storage/batch-log";

export type LiveKind = "log" | "delta" | "slice";

const files = new LocalFileSystem();

/**
 * The newest file of a kind that whoever starts on a checkpoint reads. What a batch has left that was not committed is none of
 * those, nor is a delta that a slice of the same version covers.
 *
 * @param checkpoint The directory of a job that does not run.
 */
export async function newestLive(checkpoint: string, kind: LiveKind): Promise<string> {
  return kind === "log" ? newestLog(join(checkpoint, "batches")) : newest(await stateFiles(checkpoint, kind));
}

interface StateFile {
  readonly version: StateVersion;
  readonly path: string;
}

async function stateFiles(checkpoint: string, kind: "delta" | "slice"): Promise<readonly StateFile[]> {
  const reader = new StateFiles({ files, directory: locationFrom(checkpoint) });
  const found: StateFile[] = [];
  for (const [operator, { partitions, heads }] of await committedStates(checkpoint)) {
    for (const [partition, head] of heads.entries()) {
      if (head === undefined) continue;
      const { chain, pieces, listed } = await reader.open({ operator, partition, partitions }, head, NOBODY);
      const add = (version: StateVersion, name: string): number =>
        found.push({ version, path: join(listed.folder, name) });
      const isCovered = (one: StateVersion): boolean =>
        listed.files.slices.some(({ version }) => isSameVersion(version, one));
      if (kind === "slice") {
        for (const { slice } of pieces) if (slice !== undefined) add(slice.version, sliceFileName(slice));
      } else for (const one of chain) if (!isCovered(one)) add(one, `${versionName(one)}.delta`);
    }
  }
  return found;
}

/** Takes no rows: names are enough. */
const NOBODY = { take: () => undefined };

async function committedStates(checkpoint: string): Promise<ReadonlyMap<string, StateHeads>> {
  const { entries } = await readBatchLog({ files, directory: locationFrom(checkpoint) });
  const states = new Map<string, StateHeads>();
  for (const entry of entries) {
    const updated =
      entry.kind === "base" ? entry.base.committed.states : entry.kind === "committed" ? entry.states : [];
    for (const [operator, heads] of updated) states.set(operator, heads);
  }
  return states;
}

function newestLog(folder: string): string {
  const segments = readdirSync(folder).flatMap((name) => {
    const [, epoch, number] = /^(\d+)-(\d+)\.log$/.exec(name) ?? [];
    return epoch === undefined ? [] : [{ path: join(folder, name), epoch: Number(epoch), number: Number(number) }];
  });
  const [first] = segments.sort((a, b) => b.epoch - a.epoch || b.number - a.number);
  if (first === undefined) throw new Error(`${folder} has no segment of a log`);
  return first.path;
}

function newest(found: readonly StateFile[]): string {
  const [first] = found.toSorted(({ version: a }, { version: b }) => b.batch - a.batch);
  if (first === undefined) throw new Error("the checkpoint stands on no file of this kind");
  return first.path;
}
