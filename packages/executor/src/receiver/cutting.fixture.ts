import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Deferred, deferred, epochMs, ManualClock } from "@millrace/base";
import { decodeBlock, decodeValue, emptyClassTable } from "@millrace/codec";
import { BlockPool, readHandle, SpillDirectory } from "@millrace/storage";
import type { CutBlock, CutterOptions } from "./block-cutter.ts";

// Shared by the tests of receiver runs: where their blocks go.

const directories: string[] = [];
/** For `afterEach`. */
export function removeDirectories(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

export interface EmittedBlock {
  readonly records: readonly unknown[];
  readonly position: unknown;
  readonly safe: Deferred<void>;
}

/** Options of a cutter on a clock that stands still. `emitted` receives each block; only the test settles them. */
export function cuttingTo(emitted: (block: EmittedBlock) => void): { options: CutterOptions; clock: ManualClock } {
  const workDir = mkdtempSync(join(tmpdir(), "millrace-source-"));
  directories.push(workDir);
  const clock = new ManualClock(epochMs(0));
  const pool = BlockPool.create({ bytes: 4 << 20 });
  const emit = ({ handle, position }: CutBlock): Promise<void> => {
    const records = [...readHandle(handle, pool)].flatMap((frame) => [...decodeBlock(frame, emptyClassTable)]);
    const safe = deferred<void>();
    emitted({ records, position: position && decodeValue(position, emptyClassTable), safe });
    return safe.promise;
  };
  return {
    options: { pool, spills: new SpillDirectory(workDir, pool.owner), intervalMs: 5, clock, outlet: { emit } },
    clock,
  };
}

/** Lets everything happen that needs no clock. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
