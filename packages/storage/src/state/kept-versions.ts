import { KEY_GROUPS } from "@millrace/codec";
import { isSameVersion, type StateVersion } from "@millrace/plan";
import type { StatePartition } from "./file-names.ts";
import type { DeltaBase } from "./state-file.ts";
import type { StateFiles } from "./state-files.ts";

/** The versions of a partition that lead to one of them and can still be read. */
export interface KeptVersions {
  /** Newest first. */
  readonly versions: readonly StateVersion[];
  /** Before the oldest of them, the partition had no keys. Otherwise, what it had is not kept. */
  readonly fromTheBeginning: boolean;
}

/**
 * Follows the deltas back from a version, by their heads alone.
 *
 * @throws STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system
 */
export async function keptVersions(files: StateFiles, of: StatePartition, head: StateVersion): Promise<KeptVersions> {
  const chain: StateVersion[] = [];
  const { files: listed } = await files.list(of);
  let fromTheBeginning = false;
  let standsAlone = false;
  for (let version: StateVersion | undefined = head; version !== undefined; ) {
    const base: DeltaBase | undefined = await files.baseOf(of, version);
    if (base === undefined) {
      // Its delta is gone; slices of it may be there.
      chain.push(version);
      break;
    }
    chain.push(version);
    fromTheBeginning = base.kind === "nothing";
    standsAlone = base.kind === "slices";
    version = base.kind === "version" ? base.version : undefined;
  }
  if (fromTheBeginning || standsAlone) return { versions: chain, fromTheBeginning };
  // The oldest that can be read is the first that slices of it and of older ones cover.
  const covered = new Uint8Array(KEY_GROUPS);
  let open = KEY_GROUPS;
  for (let at = chain.length - 1; at >= 0; at--) {
    const version = chain[at];
    for (const slice of listed.slices) {
      if (!isSameVersion(slice.version, version)) continue;
      for (let group = slice.first; group <= slice.last; group++) {
        if (covered[group] === 0) open -= 1;
        covered[group] = 1;
      }
    }
    if (open === 0) return { versions: chain.slice(0, at + 1), fromTheBeginning: false };
  }
  return { versions: [], fromTheBeginning: false };
}
