import { type EpochMs, epochMs } from "@millrace/base";
import { KEY_GROUPS } from "@millrace/codec";
import { type StateVersion, versionName } from "@millrace/plan";
import { type MergedName, type PartitionFiles, type SliceName, sliceFileName } from "./file-names.ts";

export interface SweepOptions {
  readonly files: PartitionFiles;
  /** The versions that lead to the committed one, newest first, as far back as they are known. */
  readonly chain: readonly StateVersion[];
  /** No version as of an earlier batch is read again. */
  readonly oldest: EpochMs;
}

/** Files to remove, and the batch before which no version is needed. */
export interface Swept extends PartitionFiles {
  readonly base: EpochMs;
}

/** Slices of each key group that are kept: if the newest turns out to be damaged, the other one still leads to the state. */
const GENERATIONS = 2;

/**
 * The files of a partition that nobody needs: those of versions that were never committed, and what the slices before the
 * last of each key group have made unnecessary. All that a version as of `oldest` or a later batch needs stays, twice: with the
 * newest slices, and without.
 */
export function filesToSweep({ files, chain, oldest }: SweepOptions): Swept {
  const oldestRead = chain.find(({ batch }) => batch <= oldest);
  const first = chain.at(-1);
  if (oldestRead === undefined || first === undefined) return { ...NOTHING, base: epochMs(0) };
  const live = new Set(chain.map(versionName));
  const isLive = (version: StateVersion): boolean => live.has(versionName(version));
  /** True if the version was not committed, which is not known of versions from before the chain. */
  const isOrphan = (version: StateVersion): boolean =>
    !isLive(version) && version.batch >= first.batch && version.batch < oldestRead.batch;

  // The chain is known as far back as each group has a slice. What is older than that was its state, at some time.
  const usable = files.slices.filter(
    ({ version }) => version.batch <= oldestRead.batch && (isLive(version) || version.batch < first.batch),
  );
  const { kept, base } = generations(usable);
  const isReplaced = (slice: SliceName): boolean =>
    slice.version.batch <= oldestRead.batch &&
    !kept.has(sliceFileName(slice)) &&
    (isLive(slice.version) || slice.version.batch < first.batch);
  const isContained = containedIn(files.merged, chain);
  const isUseless = (name: MergedName): boolean =>
    isOrphan(name.version) || name.version.batch < base || isContained(name);
  return {
    base,
    merged: files.merged.filter(isUseless),
    parts: files.parts.filter(isUseless),
    deltas: files.deltas.filter((version) => isOrphan(version) || version.batch < base),
    slices: files.slices.filter((slice) => isOrphan(slice.version) || isReplaced(slice)),
    // Whoever may still write one is not waited for by anybody.
    torn: files.torn.filter(({ version }) => version.batch < oldestRead.batch),
  };
}

const NOTHING: PartitionFiles = { deltas: [], slices: [], merged: [], parts: [], torn: [] };

/** Whether all versions of a merged delta are among those of a longer one, which is complete. */
function containedIn(merged: readonly MergedName[], chain: readonly StateVersion[]): (name: MergedName) => boolean {
  const places = new Map(chain.map((version, at) => [versionName(version), at]));
  const spans: { readonly start: number; readonly end: number; readonly count: number }[] = [];
  for (const { version, count } of merged) {
    const start = places.get(versionName(version));
    if (start !== undefined) spans.push({ start, end: start + count, count });
  }
  return ({ version, count }) => {
    const start = places.get(versionName(version));
    if (start === undefined) return false;
    return spans.some((span) => span.count > count && span.start <= start && span.end >= start + count);
  };
}

/**
 * The newest slices of each key group, by file name, and the batch before which no delta is needed beside them; 0 if there are
 * groups with too few slices.
 */
function generations(slices: readonly SliceName[]): { readonly kept: ReadonlySet<string>; readonly base: EpochMs } {
  const kept = new Set<string>();
  const counts = new Uint8Array(KEY_GROUPS);
  let open = KEY_GROUPS;
  let base = epochMs(0);
  for (const slice of [...slices].sort((a, b) => b.version.batch - a.version.batch)) {
    if (open === 0) break;
    for (let group = slice.first; group <= slice.last; group++) {
      const count = counts[group] ?? GENERATIONS;
      if (count >= GENERATIONS) continue;
      kept.add(sliceFileName(slice));
      counts[group] = count + 1;
      if (count + 1 < GENERATIONS) continue;
      open -= 1;
      if (open === 0) base = slice.version.batch;
    }
  }
  return { kept, base };
}
