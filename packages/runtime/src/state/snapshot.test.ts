import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MappedBatches, sum } from "./mapped-batches.fixture.ts";
import type { KeyState } from "./update/key-state.ts";

let batches: MappedBatches;
beforeEach(() => {
  batches = new MappedBatches();
});
afterEach(() => batches.remove());

describe("a snapshot", () => {
  const pairs = [
    ["a", 1],
    ["b", 2],
  ];

  test("is of the batch that runs, and changes nothing", async () => {
    await batches.map(1, pairs, sum);
    expect(await batches.snapshot(1)).toEqual(pairs);
    expect(await batches.snapshot(1)).toEqual(pairs);
    await batches.map(2, [["c", 3]], sum);
    expect(await batches.snapshot(2)).toEqual([...pairs, ["c", 3]]);
    expect(batches.deltaBytes()).toHaveLength(2);
  });

  test("is read from the log on a slot that did not make the update", async () => {
    await batches.map(1, pairs, sum);
    batches.slot.restart();
    expect(await batches.snapshot(1)).toEqual(pairs);
    expect(await batches.map(2, [["a", 1]], sum)).toEqual([["a", 2]]);
  });

  test("has one order of keys, on the slot that made the update and on any other, before and after holes are closed", async () => {
    const many = Array.from({ length: 4000 }, (_, i) => [`key ${i}`, i]);
    const keep = (key: string, value: number, state: KeyState) => {
      if (value < 0) state.remove();
      else state.update(value);
      return key;
    };
    const options = { timeoutMs: 1000 };
    const backwards = many.map(([key], i) => [key, i % 4 === 0 ? 1 : -1]).reverse();
    await batches.map(1, many, keep, options);
    await batches.map(2, backwards, keep, options);
    await batches.map(
      3,
      [
        ["key 0", 2],
        ["new", 1],
      ],
      keep,
      options,
    );
    const unpublished = await batches.snapshot(3);
    await batches.map(4, [], keep, options);
    const published = (await batches.snapshot(4)) as [string, number][];
    batches.slot.restart();
    expect(await batches.snapshot(3)).toEqual(unpublished);
    expect(await batches.snapshot(4)).toEqual(published);
    expect(published).toEqual(unpublished);
    expect(published.map(([key]) => key)).toEqual([...many.flatMap(([key], i) => (i % 4 === 0 ? [key] : [])), "new"]);
  });

  test("of an earlier batch is read from the log, and the current state is not affected", async () => {
    await batches.map(1, pairs, sum);
    await batches.map(2, [["a", 1]], sum);
    await batches.map(3, [["a", 1]], sum);
    expect(await batches.snapshot(1)).toEqual(pairs);
    expect(await batches.snapshot(2)).toEqual([
      ["a", 2],
      ["b", 2],
    ]);
    expect(await batches.map(4, [["a", 1]], sum)).toEqual([["a", 4]]);
  });

  test("of a version that is not in the log is refused", async () => {
    await batches.map(1, pairs, sum);
    batches.slot.restart();
    rmSync(join(batches.slot.directory, "checkpoint"), { recursive: true });
    expect(await batches.failure(1, { update: { kind: "snapshot" } })).toMatchObject({
      kind: { code: "STATE_NOT_FOUND" },
    });
  });
});
