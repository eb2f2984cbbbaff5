import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MappedBatches, type MappedOptions, type Mapping, sum } from "../mapped-batches.fixture.ts";
import type { KeyState } from "./key-state.ts";

let batches: MappedBatches;
beforeEach(() => {
  batches = new MappedBatches();
});
afterEach(() => batches.remove());

describe("mapWithState", () => {
  test("calls the function for each pair in order of arrival, with the state left by the previous call", async () => {
    const pairs = [
      ["a", 1],
      ["b", 10],
      ["a", 2],
      ["a", 3],
    ];
    expect(await batches.map(1, pairs, sum)).toEqual([
      ["a", 1],
      ["b", 10],
      ["a", 3],
      ["a", 6],
    ]);
    expect(await batches.map(2, [["a", 4]], sum)).toEqual([["a", 10]]);
    expect(await batches.snapshot(2)).toEqual([
      ["a", 10],
      ["b", 10],
    ]);
  });

  test("yields the results of the function, and nothing for undefined; the time is that of the batch", async () => {
    const odd = (_: string, value: number, __: KeyState, time: number) =>
      value % 2 === 1 ? { value, time } : undefined;
    expect(
      await batches.map(
        7000,
        [
          ["a", 1],
          ["a", 2],
          ["a", 3],
        ],
        odd,
        { version: 0 },
      ),
    ).toEqual([
      { value: 1, time: 7000 },
      { value: 3, time: 7000 },
    ]);
    const nothing = (_: string, value: number) => (value === 0 ? null : false);
    expect(
      await batches.map(
        7001,
        [
          ["a", 0],
          ["a", 1],
        ],
        nothing,
        { version: 7000 },
      ),
    ).toEqual([null, false]);
  });

  test("is called only for keys with pairs, and updates all of them even if the output takes one record", async () => {
    const pairs = Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]);
    expect(await batches.map(1, pairs, sum, { limit: 1 })).toEqual([["k0", 0]]);
    const calls = vi.fn(sum);
    await batches.map(2, [["k7", 1]], calls);
    expect(calls).toHaveBeenCalledTimes(1);
    expect(await batches.snapshot(2)).toHaveLength(5000);
  });

  test("forgets a key on remove, and adds it again for its next pair in the same batch", async () => {
    const steps = (key: string, value: string, state: KeyState) => {
      const before = state.getOption();
      if (value === "remove") state.remove();
      else state.update(value);
      return [key, before, state.exists()];
    };
    await batches.map(1, [["a", "x"]], steps);
    const pairs = [
      ["a", "remove"],
      ["a", "y"],
      ["b", "z"],
      ["b", "remove"],
      ["c", "remove"],
    ];
    expect(await batches.map(2, pairs, steps)).toEqual([
      ["a", "x", false],
      ["a", undefined, true],
      ["b", undefined, true],
      ["b", "z", false],
      ["c", undefined, false],
    ]);
    expect(await batches.snapshot(2)).toEqual([["a", "y"]]);
    await batches.map(3, [["a", "remove"]], steps);
    expect(await batches.snapshot(3)).toEqual([]);
    batches.slot.restart();
    expect(await batches.snapshot(3)).toEqual([]);
  });

  test("keeps a change to the result of get() only through update()", async () => {
    const change = (_: string, keep: boolean, state: KeyState) => {
      const seen = (state.getOption() ?? { n: 0 }) as { n: number };
      seen.n += 1;
      if (keep) state.update(seen);
      return seen;
    };
    const pairs = [true, false, false, true].map((keep) => ["a", keep]);
    expect(await batches.map(1, pairs, change)).toEqual([{ n: 1 }, { n: 2 }, { n: 2 }, { n: 2 }]);
    expect(await batches.snapshot(1)).toEqual([["a", { n: 2 }]]);
  });

  test("keeps -0 apart from 0, as any other state", async () => {
    const previous = (_: string, value: number, state: KeyState) => {
      const before = state.getOption();
      state.update(value);
      return before;
    };
    const pairs = [0, -0, 1].map((n) => ["a", n]);
    expect(await batches.map(1, [...pairs, ["a", 0]], previous)).toEqual([0, -0, 1]);
    await batches.map(2, [["a", -0]], previous);
    expect(await batches.snapshot(2)).toEqual([["a", -0]]);
  });

  test("begins with the initial state, in the first batch only", async () => {
    const initial = [
      ["a", 100],
      ["z", 7],
    ];
    expect(
      await batches.map(
        1,
        [
          ["a", 1],
          ["b", 1],
        ],
        sum,
        { initial },
      ),
    ).toEqual([
      ["a", 101],
      ["b", 1],
    ]);
    expect(await batches.map(2, [["z", 1]], sum, { initial })).toEqual([["z", 8]]);
    expect(await batches.snapshot(2)).toEqual([
      ["a", 101],
      ["z", 8],
      ["b", 1],
    ]);
  });

  test("writes the changed keys alone", async () => {
    await batches.map(
      1,
      Array.from({ length: 2000 }, (_, i) => [`key ${i}`, i]),
      sum,
    );
    await batches.map(2, [["key 1", 1]], sum);
    await batches.map(3, [["key 1", 0]], sum); // as it was
    const [first = 0, second = 0, third = 0] = batches.deltaBytes();
    expect(first).toBeGreaterThan(10_000);
    expect(second).toBeLessThan(250);
    expect(third).toBeLessThan(second);
  });
});

describe("state that is misused", () => {
  const fails = async (map: Mapping, options: MappedOptions = {}, pairs: Iterable<unknown> = [["a", 1]]) =>
    expect(await batches.mapFailure(1, pairs, map, options)).toMatchObject({
      kind: { code: "STATE_MISUSED", blame: "user", retry: "never" },
      message: expect.stringContaining("stateful at job.ts:3:3: "),
    });

  test("by get() without state", () => fails((_: string, __: number, state) => state.get()));
  test("by get() after remove()", () =>
    fails((_: string, __: number, state) => {
      state.update(1);
      state.remove();
      state.get();
    }));
  test("by update() after remove()", () =>
    fails((_: string, __: number, state) => {
      state.remove();
      state.update(1);
    }));
  test("by remove() twice", () =>
    fails((_: string, __: number, state) => {
      state.remove();
      state.remove();
    }));
  test("by update(undefined), which is no way to forget", () =>
    fails((_: string, __: number, state) => state.update(undefined)));
  test("by a look at it when the function has returned", async () => {
    const hand = (_: string, __: number, state: KeyState) => state;
    expect(await batches.mapFailure(1, [["a", 1]], hand, { after: (state: KeyState) => state.exists() })).toMatchObject(
      {
        kind: { code: "STATE_MISUSED" },
        message: expect.stringContaining("map at job.ts:2:1: "),
      },
    );
  });

  test.each([
    ["update()", (state: KeyState) => state.update(2)],
    ["remove()", (state: KeyState) => state.remove()],
  ])("by %s while it is timing out", async (_, misuse) => {
    const map = (__: string, value: number | undefined, state: KeyState) => {
      if (state.isTimingOut()) misuse(state);
      else state.update(value);
    };
    await batches.map(1, [["a", 1]], map, { timeoutMs: 1 });
    expect(await batches.mapFailure(9, [], map, { timeoutMs: 1, version: 1 })).toMatchObject({
      kind: { code: "STATE_MISUSED" },
    });
  });

  test("by a function that is async", async () => {
    expect(await batches.mapFailure(1, [["a", 1]], async () => 1)).toMatchObject({
      kind: { code: "PROMISE_NOT_AWAITED" },
    });
  });

  test("by a value that cannot be kept", async () => {
    const map = (_: string, __: number, state: KeyState) => state.update(() => 1);
    expect(await batches.mapFailure(1, [["a", 1]], map)).toMatchObject({ kind: { code: "RECORD_NOT_ENCODABLE" } });
  });

  test("by records that are no pairs", async () => {
    expect(await batches.mapFailure(1, ["no pair"], sum)).toMatchObject({ kind: { code: "RECORD_NOT_PAIR" } });
  });
});

describe("an attempt of mapWithState", () => {
  test("repeats every update when its output is requested again, and counts it once", async () => {
    const calls = vi.fn(sum);
    await batches.map(1, [["a", 1]], calls);
    expect(await batches.map(2, [["a", 2]], calls)).toEqual([["a", 3]]);
    expect(await batches.map(2, [["a", 2]], calls)).toEqual([["a", 3]]);
    expect(calls).toHaveBeenCalledTimes(3);
    expect(await batches.map(3, [["a", 4]], calls)).toEqual([["a", 7]]);
  });

  test("that fails leaves nothing behind", async () => {
    await batches.map(1, [["a", 1]], sum);
    const once = vi
      .fn(sum)
      .mockImplementationOnce(sum)
      .mockImplementationOnce(() => {
        throw new Error("no");
      });
    const pairs = [
      ["a", 2],
      ["b", 2],
    ];
    expect(await batches.mapFailure(2, pairs, once)).toMatchObject({
      message: expect.stringMatching(/stateful at job\.ts:3:3 threw Error: no/),
    });
    expect(await batches.map(2, pairs, once)).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
  });

  test("on another slot continues from the log", async () => {
    await batches.map(1, [["a", 1]], sum);
    await batches.map(2, [["a", 2]], sum);
    batches.slot.restart();
    expect(await batches.map(3, [["a", 3]], sum)).toEqual([["a", 6]]);
  });

  test("of a batch that never committed does not count", async () => {
    await batches.map(1, [["a", 1]], sum);
    await batches.map(2, [["a", 100]], sum);
    expect(await batches.map(3, [["a", 3]], sum, { version: 1 })).toEqual([["a", 4]]);
    batches.slot.restart();
    expect(await batches.map(4, [["a", 1]], sum)).toEqual([["a", 5]]);
  });
});
