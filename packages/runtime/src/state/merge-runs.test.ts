import { epochMs } from "@millrace/base";
import type { StateVersion } from "@millrace/plan";
import type { DeltaLink } from "@millrace/storage";
import { describe, expect, test } from "vitest";
import { MergeRuns } from "./merge-runs.ts";

const RUN = 4;
const version = (batch: number): StateVersion => ({ batch: epochMs(batch), attempt: 0, epoch: 1 });

/** What `mergeDeltas` makes of links, newest first. */
function mergedOf(links: readonly DeltaLink[]): DeltaLink {
  const versions = links.flatMap((link) => [link.version, ...(link.merged?.older ?? [])]);
  const [newest = version(0), ...older] = versions;
  const level = 1 + Math.max(...links.map((link) => link.merged?.level ?? 0));
  const bytes = links.reduce((sum, link) => sum + link.bytes, 0);
  const rest = { base: { kind: "nothing" }, schema: 1, timed: false, nextOrdinal: 0, parts: [], bytes } as const;
  return { version: newest, bytes, merged: { version: newest, count: versions.length, older, level, ...rest } };
}

/** Batches with deltas of some bytes; whatever is due is merged after each. Returns the length of each run. */
function batches(runs: MergeRuns, { first = 1, many, bytes = 100 }: { first?: number; many: number; bytes?: number }) {
  const lengths: number[] = [];
  for (let batch = first; batch < first + many; batch++) {
    runs.add(version(batch), bytes);
    for (let links = runs.due(); links !== undefined; links = runs.due()) {
      lengths.push(links.length);
      runs.merged(links, mergedOf(links));
    }
  }
  return lengths;
}

describe("deltas are merged", () => {
  test("when there are so many in a row that were merged equally often", () => {
    const runs = new MergeRuns([], RUN);
    expect(batches(runs, { many: 3 })).toEqual([]);
    expect(batches(runs, { first: 4, many: 1 })).toEqual([4]);
    expect(batches(runs, { first: 5, many: 12 })).toEqual([4, 4, 4, 4]); // the last of them of merged ones
  });

  test("when there are so many bytes that were not merged, even of one", () => {
    const runs = new MergeRuns([], RUN);
    expect(batches(runs, { many: 2, bytes: 600 * 1024 })).toEqual([2]);
    expect(batches(runs, { first: 3, many: 1, bytes: 5 * 1024 * 1024 })).toEqual([1]);
  });

  test("while others are added", () => {
    const runs = new MergeRuns([], RUN);
    for (let batch = 1; batch <= 4; batch++) runs.add(version(batch), 1);
    const links = runs.due() ?? [];
    expect(links.map((link) => link.version.batch)).toEqual([4, 3, 2, 1]);
    for (let batch = 5; batch <= 8; batch++) runs.add(version(batch), 1);
    runs.merged(links, mergedOf(links));
    expect(runs.due()?.map((link) => link.version.batch)).toEqual([8, 7, 6, 5]);
  });

  test("no more where that failed, and as far as it was possible", () => {
    const runs = new MergeRuns([], RUN);
    for (let batch = 1; batch <= 5; batch++) runs.add(version(batch), 1);
    runs.merged(runs.due() ?? [], undefined);
    expect(runs.due()).toBeUndefined();
    for (let batch = 6; batch <= 9; batch++) runs.add(version(batch), 1);
    const links = runs.due() ?? [];
    runs.merged(links, mergedOf(links.slice(0, 2)));
    expect(batches(runs, { first: 10, many: 4 })).toEqual([4]);
  });

  test("from what a load has met", () => {
    const met = [5, 4, 3, 2].map((batch) => ({ version: version(batch), merged: undefined, bytes: 1 }));
    expect(new MergeRuns(met, RUN).due()).toEqual(met);
    expect(new MergeRuns(met, RUN + 1).due()).toBeUndefined();
  });
});

test("merging is behind when there are several times as many as are merged at once", () => {
  const runs = new MergeRuns([], RUN);
  for (let batch = 1; batch <= 4 * RUN; batch++) runs.add(version(batch), 1);
  expect(runs.behind).toBe(false);
  runs.add(version(100), 1);
  expect(runs.behind).toBe(true);
  runs.drop(100);
  expect(runs.behind).toBe(false);
  runs.add(version(101), 5 * 1024 * 1024);
  expect(runs.behind).toBe(true);
});
