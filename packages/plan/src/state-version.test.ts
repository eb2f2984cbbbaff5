import { epochMs } from "@millrace/base";
import { hashKey, partitionOf } from "@millrace/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formerHeads,
  headsAfter,
  isSameVersion,
  parseVersionName,
  type StateHeads,
  versionName,
} from "./state-version.ts";

const head = (attempt: number) => ({ batch: epochMs(1_000), attempt, epoch: 1 });

describe("a version", () => {
  test("is named by its batch, attempt and epoch, and nothing else is such a name", () => {
    const version = { batch: epochMs(1_764_460_800_000), attempt: 3, epoch: 12 };
    expect(versionName(version)).toBe("1764460800000-3-12");
    expect(parseVersionName("1764460800000-3-12")).toEqual(version);
    for (const name of ["", "1-2", "1-2-3-4", "-1-2-3", "a-1-2", "1-2-3.tmp"])
      expect(parseVersionName(name)).toBeUndefined();
  });

  test("is the same only with all three", () => {
    expect(isSameVersion(head(1), { ...head(1) })).toBe(true);
    expect(isSameVersion(undefined, undefined)).toBe(true);
    for (const other of [undefined, head(2), { ...head(1), epoch: 2 }, { ...head(1), batch: epochMs(2_000) }])
      expect(isSameVersion(head(1), other)).toBe(false);
  });
});

describe("the heads after a batch", () => {
  const heads = (partitions: number, batch: number): StateHeads => ({
    batch: epochMs(batch),
    partitions,
    heads: new Array<undefined>(partitions).fill(undefined),
  });

  test("remember those of another number of partitions, and until when they were", () => {
    const first = headsAfter(undefined, heads(2, 100), epochMs(100));
    expect(first).toEqual(heads(2, 100));
    const second = headsAfter(first, heads(3, 200), epochMs(200));
    expect(second).toEqual({ ...heads(3, 200), former: { until: 200, heads: first } });
    expect(headsAfter(second, heads(3, 300), epochMs(300))).toEqual({ ...heads(3, 300), former: second.former });
  });

  test("remember no more than three changes", () => {
    let all = heads(1, 0);
    for (let batch = 1; batch <= 9; batch++) all = headsAfter(all, heads(1 + (batch % 2), batch), epochMs(batch));
    const untils: number[] = [];
    for (let { former } = all; former !== undefined; { former } = former.heads) untils.push(former.until);
    expect(untils).toEqual([9, 8, 7]);
  });
});

describe("a state in another number of partitions", () => {
  const former = (partitions: number): StateHeads => ({
    batch: epochMs(1_000),
    partitions,
    heads: Array.from({ length: partitions }, (_, p) => head(p)),
  });
  const named = (from: number, options: { partition: number; partitions: number; byHash?: boolean }) =>
    formerHeads(former(from), { byHash: true, ...options }).heads.flatMap((one) => one?.attempt ?? []);

  test("is read from the partitions with keys of the new one", () => {
    expect(named(2, { partition: 0, partitions: 4 })).toEqual([0]);
    expect(named(2, { partition: 3, partitions: 4 })).toEqual([1]);
    expect(named(4, { partition: 1, partitions: 2 })).toEqual([2, 3]);
    expect(named(3, { partition: 1, partitions: 2 })).toEqual([1, 2]);
  });

  test("is read from all of them if a function places its keys", () => {
    expect(named(3, { partition: 0, partitions: 2, byHash: false })).toEqual([0, 1, 2]);
  });

  test("has each key in one of those that are named", () => {
    const count = fc.integer({ min: 1, max: 4096 });
    fc.assert(
      fc.property(fc.string(), count, count, (key, from, partitions) => {
        const partition = partitionOf(key, partitions);
        expect(named(from, { partition, partitions }), `hash ${hashKey(key)}`).toContain(partitionOf(key, from));
      }),
      { numRuns: 100 },
    );
  });
});
