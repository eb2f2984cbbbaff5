import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MappedBatches, type Mapping } from "../mapped-batches.fixture.ts";
import type { KeyState } from "./key-state.ts";

let batches: MappedBatches;
beforeEach(() => {
  batches = new MappedBatches();
});
afterEach(() => batches.remove());

describe("keys that time out", () => {
  const log = (key: string, value: number | undefined, state: KeyState) => {
    if (state.isTimingOut()) return `${key} is gone with ${state.get()}`;
    state.update(value);
    return undefined;
  };
  const options = { timeoutMs: 10 };
  const at = (number: number, version: number, pairs: Iterable<unknown>, map: Mapping = log) =>
    batches.map(number, pairs, map, { ...options, version });

  test("are passed once without a value, in the first batch after they have been idle for longer than the timeout", async () => {
    await at(5, 0, [
      ["a", 1],
      ["b", 2],
    ]);
    expect(await at(15, 5, [["b", 3]])).toEqual([]); // idle for the timeout, no longer
    expect(await at(16, 15, [])).toEqual(["a is gone with 1"]);
    expect(await batches.snapshot(16, { version: 15 })).toEqual([["b", 3]]);
    expect(await at(26, 16, [])).toEqual(["b is gone with 3"]);
    expect(await at(40, 26, [])).toEqual([]);
  });

  test("do not time out in a batch with data for them, whatever the function does", async () => {
    const look = (key: string, value: number | undefined, state: KeyState) =>
      value === 0 ? [key, state.getOption()] : log(key, value, state);
    await at(5, 0, [
      ["a", 1],
      ["b", 2],
    ]);
    expect(
      await at(
        20,
        5,
        [
          ["a", 0],
          ["b", 2],
        ],
        look,
      ),
    ).toEqual([["a", 1]]);
    expect(await at(30, 20, [], look)).toEqual([]);
    expect(await at(31, 30, [], look)).toEqual(["a is gone with 1", "b is gone with 2"]);
  });

  test("do so on another slot too: when they were updated is written with them, also where their state did not change", async () => {
    await at(5, 0, [
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    await at(10, 5, [["a", 1]]);
    batches.slot.restart();
    await at(12, 10, [["c", 4]]);
    batches.slot.restart();
    expect(await at(16, 12, [])).toEqual(["b is gone with 2"]);
    batches.slot.restart();
    expect(await at(21, 16, [])).toEqual(["a is gone with 1"]);
    expect(await at(23, 21, [])).toEqual(["c is gone with 4"]);
  });

  test("count the initial state as of the first batch", async () => {
    await batches.map(100, [], log, { ...options, version: 0, initial: [["a", 1]] });
    expect(await at(110, 100, [])).toEqual([]);
    expect(await at(111, 110, [])).toEqual(["a is gone with 1"]);
  });

  test("are in the order of their last updates", async () => {
    await at(1, 0, [
      ["a", 1],
      ["b", 1],
      ["c", 1],
    ]);
    await at(2, 1, [
      ["a", 1],
      ["d", 1],
    ]);
    expect(await at(30, 2, [])).toEqual(["b", "c", "a", "d"].map((key) => `${key} is gone with 1`));
  });

  test("do so exactly once although an attempt fails after it", async () => {
    await at(5, 0, [["a", 1]]);
    const after = () => {
      throw new Error("later");
    };
    expect(await batches.mapFailure(20, [], log, { ...options, version: 5, after })).toMatchObject({
      kind: { code: "USER_CODE_FAILED" },
    });
    expect(await at(20, 5, [])).toEqual(["a is gone with 1"]);
    expect(await at(21, 20, [])).toEqual([]);
  });

  test("time out by the times in the log, if an earlier run of the job had no timeout", async () => {
    await batches.map(5, [["a", 1]], log, { version: 0 });
    await batches.map(6, [["b", 1]], log, { version: 5 });
    expect(await at(16, 6, [])).toEqual(["a is gone with 1"]);
  });

  test("leave no holes for ever, and others keep their order", async () => {
    for (let b = 1; b <= 5; b++) {
      const pairs = Array.from({ length: 2000 }, (_, i) => [`${b}-${i}`, i]);
      expect(
        await batches.map(b * 100, [["stays", b], ...pairs], log, { timeoutMs: 150, version: (b - 1) * 100 }),
      ).toHaveLength(b < 3 ? 0 : 2000);
    }
    expect(await batches.snapshot(500, { version: 400 })).toHaveLength(4001);
    expect(await batches.map(655, [], log, { timeoutMs: 150, version: 500 })).toHaveLength(4001);
  });
});
