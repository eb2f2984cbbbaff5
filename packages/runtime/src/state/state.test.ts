import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AnyFunction } from "@millrace/operators";
import { fnSlot, type Source, type StageSink } from "@millrace/plan";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { op, TestSlot } from "../slot/test-slot.fixture.ts";
import { Heads } from "./state-batches.fixture.ts";

let slot: TestSlot;
let heads: Heads;
beforeEach(() => {
  slot = new TestSlot();
  heads = new Heads();
});
afterEach(() => slot.remove());

type Update = (values: never[], state: never, key: never) => unknown;
const sum = (values: number[], total = 0) => values.reduce((a, b) => a + b, total);

interface BatchOptions {
  readonly version?: number;
  readonly onlyUpdated?: boolean;
  readonly initial?: readonly unknown[];
  readonly sink?: StageSink;
  readonly limit?: number;
  readonly map?: AnyFunction;
}

const ref = (batch: number, version: number) => heads.ref(batch, version, join(slot.directory, "checkpoint"));

/** Runs batch `batch` on top of `version`; the batch before by default. */
async function run(batch: number, pairs: readonly unknown[], update: Update, options: BatchOptions = {}) {
  const initial = options.initial === undefined ? {} : { initial: { kind: "shuffle", input: 1 } as const };
  const state = ref(batch, options.version ?? batch - 1);
  const outcome = await slot.run({
    source: {
      kind: "state",
      update: {
        kind: "updateByKey",
        feed: { kind: "shuffle", input: 0 },
        ...initial,
        fn: fnSlot(0),
        onlyUpdated: options.onlyUpdated ?? false,
      },
      label: "updateStateByKey at job.ts:3:3",
    },
    functions: options.map === undefined ? [update] : [update, options.map],
    ops: options.map === undefined ? [] : [op("map", 1)],
    inputs: [slot.input(pairs), slot.input(options.initial ?? [])],
    state,
    ...(options.sink === undefined ? {} : { sink: options.sink }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  });
  return heads.take(state, outcome);
}

async function batch(number: number, pairs: readonly unknown[], update: Update, options: BatchOptions = {}) {
  const outcome = await run(number, pairs, update, options);
  if (outcome.kind !== "result") throw new Error(JSON.stringify(outcome));
  return slot.results(outcome);
}

const deltas = () =>
  readdirSync(join(slot.directory, "checkpoint", "state", "totals", "1-0")).filter((name) => name.endsWith(".delta"));

describe("updateStateByKey", () => {
  test("yields every key that has state, and forgets a key on undefined", async () => {
    expect(
      await batch(
        1,
        [
          ["a", 1],
          ["b", 2],
          ["a", 3],
        ],
        sum,
      ),
    ).toEqual([
      ["a", 4],
      ["b", 2],
    ]);
    const dropZero = (values: number[], total = 0) => (values.length === 0 ? undefined : sum(values, total));
    expect(
      await batch(
        2,
        [
          ["c", 1],
          ["b", 1],
        ],
        dropZero,
      ),
    ).toEqual([
      ["c", 1],
      ["b", 3],
    ]);
    expect(await batch(3, [], sum)).toEqual([
      ["b", 3],
      ["c", 1],
    ]);
  });

  test("calls the function for every known key, with the key", async () => {
    const calls: unknown[] = [];
    const log = (values: number[], state: number | undefined, key: string) => {
      calls.push([key, values, state]);
      return sum(values, state);
    };
    await batch(1, [["a", 1]], log);
    await batch(2, [["b", 5]], log);
    expect(calls).toEqual([
      ["a", [1], undefined],
      ["b", [5], undefined],
      ["a", [], 1],
    ]);
  });

  test("calls it only for keys with input if requested, and yields all keys", async () => {
    const calls: unknown[] = [];
    const log = (values: number[], state: number | undefined, key: string) => {
      calls.push(key);
      return sum(values, state);
    };
    await batch(
      1,
      [
        ["a", 1],
        ["b", 1],
      ],
      log,
      { onlyUpdated: true },
    );
    calls.length = 0;
    expect(await batch(2, [["b", 5]], log, { onlyUpdated: true })).toEqual([
      ["b", 6],
      ["a", 1],
    ]);
    expect(calls).toEqual(["b"]);
  });

  test("begins with the initial state in the first batch", async () => {
    const initial = [
      ["a", 100],
      ["z", 7],
    ];
    expect(await batch(1, [["a", 1]], sum, { initial, version: 0 })).toEqual([
      ["a", 101],
      ["z", 7],
    ]);
    expect(await batch(2, [["z", 1]], sum, { initial })).toEqual([
      ["z", 8],
      ["a", 101],
    ]);
    slot.restart();
    expect(await batch(3, [], sum, { initial })).toEqual([
      ["a", 101],
      ["z", 8],
    ]);
  });

  test.each([false, true])("gives the same order to who reads it again, onlyUpdated %s", async (onlyUpdated) => {
    const forgetNegative = (values: number[], total = 0) => (total < 0 ? undefined : sum(values, total));
    const pairs = (text: string) => [...text].map((key) => [key, key === "x" ? -1 : 1]);
    await batch(1, pairs("abcx"), forgetNegative, { onlyUpdated });
    const first = await batch(2, pairs("cdax"), forgetNegative, { onlyUpdated });
    expect(first.map((pair) => (pair as [string])[0])).toEqual(["c", "d", "a", "b"]);
    expect(await batch(2, pairs("cdax"), forgetNegative, { onlyUpdated })).toEqual(first);
    slot.restart(); // somewhere else, from the log
    expect(await batch(2, pairs("cdax"), forgetNegative, { onlyUpdated })).toEqual(first);
  });

  test("updates every key even if the output takes one record", async () => {
    const pairs = Array.from({ length: 5000 }, (_, i) => [`k${i}`, i]);
    expect(await batch(1, pairs, sum, { limit: 1 })).toHaveLength(1);
    expect(await batch(2, [], sum, { sink: { kind: "count" } })).toEqual([5000]);
  });

  test.each([
    ["alone", 0],
    ["followed by others", 1],
  ])("is complete when its records are read as those of a union, %s", async (_, others) => {
    const state: Source = {
      kind: "state",
      update: { kind: "updateByKey", feed: { kind: "shuffle", input: 0 }, fn: fnSlot(0), onlyUpdated: false },
      label: "updateStateByKey at job.ts:3:3",
    };
    const more = Array.from({ length: others }, () => ({ source: { kind: "blocks", input: 1 } as const, ops: [] }));
    const union = async (batch: number) => {
      const of = ref(batch, batch - 1);
      const done = await slot.done({
        source: { kind: "concat", feeds: [{ source: state, ops: [] }, ...more] },
        functions: [sum],
        inputs: [slot.input([["a", 1]]), slot.input([["z", 0]])],
        state: of,
      });
      heads.take(of, done);
      return done;
    };
    for (const batch of [1, 2]) {
      const rest = others === 0 ? [] : [["z", 0]];
      expect(slot.results(await union(batch))).toEqual([["a", batch], ...rest]);
    }
  });

  test("names the operator when the function throws", async () => {
    const outcome = await run(1, [["a", 1]], () => {
      throw new Error("no");
    });
    expect(outcome).toMatchObject({
      kind: "failed",
      error: { message: expect.stringMatching(/updateStateByKey at job\.ts:3:3 threw Error: no/) },
    });
  });

  test("refuses state that cannot be kept", async () => {
    const outcome = await run(1, [["a", 1]], () => ({ f: () => 1 }));
    expect(outcome).toMatchObject({ kind: "failed", error: { kind: { code: "RECORD_NOT_ENCODABLE" } } });
  });
});

describe("an attempt that fails", () => {
  const push = (values: number[], state: { all: number[] } = { all: [] }) => {
    state.all.push(...values); // changes what it was given
    return state;
  };
  const explode = () => {
    throw new Error("after the update");
  };

  test("has no effect, even if user code has modified the object that it was given", async () => {
    await batch(1, [["a", 1]], push);
    expect((await run(2, [["a", 2]], push, { map: explode })).kind).toBe("failed");
    expect(await batch(2, [["a", 2]], push)).toEqual([["a", { all: [1, 2] }]]);
  });

  test("of a later batch leaves the published version", async () => {
    await batch(1, [["a", 1]], push);
    await batch(2, [["a", 2]], push); // complete, and never committed
    expect(await batch(3, [["a", 3]], push, { version: 1 })).toEqual([["a", { all: [1, 3] }]]);
    expect(await batch(4, [], push)).toEqual([["a", { all: [1, 3] }]]);
    slot.restart();
    expect(await batch(5, [], push)).toEqual([["a", { all: [1, 3] }]]);
  });

  test("of a batch that changed nothing later still does not count", async () => {
    await batch(1, [["a", 1]], sum);
    await batch(2, [["a", 100]], sum); // fails elsewhere
    await batch(3, [], sum, { version: 1 });
    slot.restart();
    expect(await batch(4, [], sum)).toEqual([["a", 1]]);
  });
});

describe("a version that another attempt wrote", () => {
  test("is not the one that this slot has of the same batch", async () => {
    await batch(1, [["a", 1]], sum);
    await batch(2, [["a", 10]], sum);
    const kept = slot.runtime;
    slot.restart(); // the slot counts as lost, and another one runs the batch, on other input
    await batch(2, [["a", 20]], sum);
    slot.runtime = kept;
    expect(await batch(3, [], sum)).toEqual([["a", 21]]);
  });

  test("is the same if neither changed anything", async () => {
    await batch(1, [["a", 1]], sum);
    await batch(2, [], sum);
    expect(await batch(3, [["a", 1]], sum)).toEqual([["a", 2]]);
    expect(deltas()).toEqual(["1-0-1.delta", "3-2-1.delta"]);
  });
});

describe("a batch that runs again", () => {
  test("does not update again, and has the same result", async () => {
    let calls = 0;
    const count = (values: number[], total = 0) => {
      calls += 1;
      return sum(values, total);
    };
    await batch(
      1,
      [
        ["a", 1],
        ["b", 1],
      ],
      count,
    );
    const first = await batch(
      2,
      [
        ["a", 1],
        ["c", 1],
      ],
      count,
    );
    const callsBefore = calls;
    const again = await batch(
      2,
      [
        ["a", 1],
        ["c", 1],
      ],
      count,
    );
    expect(calls).toBe(callsBefore);
    expect(again.sort()).toEqual(first.sort());
    expect(await batch(3, [], count)).toEqual([
      ["a", 2],
      ["b", 1],
      ["c", 1],
    ]);
  });

  test("on another slot has the same result, from the log", async () => {
    await batch(
      1,
      [
        ["a", 1],
        ["b", 1],
      ],
      sum,
    );
    await batch(2, [["a", 1]], sum);
    slot.restart();
    expect(await batch(2, [["a", 1]], sum)).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    slot.restart();
    expect(await batch(3, [], sum)).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });
});

describe("state that a slot loads from another", () => {
  test("stops the batch when the checkpoint directory does not hold it, as one that is not shared", async () => {
    await batch(1, [["a", 1]], sum);
    slot.restart();
    rmSync(join(slot.directory, "checkpoint"), { recursive: true });
    const outcome = await run(2, [["a", 1]], sum);
    expect(outcome).toMatchObject({ kind: "failed", error: { kind: { code: "STATE_NOT_FOUND", retry: "never" } } });
  });
});

describe("the log", () => {
  test("is one delta a batch, with the changed keys only", async () => {
    await batch(
      1,
      Array.from({ length: 2000 }, (_, i) => [`key ${i}`, i]),
      sum,
    );
    await batch(2, [["key 1", 1]], sum);
    expect(deltas()).toEqual(["1-0-1.delta", "2-1-1.delta"]);
    const sizes = await Promise.all(
      deltas().map(async (name) =>
        (await import("node:fs/promises")).stat(join(slot.directory, "checkpoint/state/totals/1-0", name)),
      ),
    );
    expect(sizes[0]?.size).toBeGreaterThan(10_000);
    expect(sizes[1]?.size).toBeLessThan(250);
  });

  test("holds removals, and every kind of value and key", async () => {
    const states = [1, -0, "x", null, true, 2n, { a: [1] }, new Map([[1, 2]]), new Date(5), new Uint8Array([1, 2])];
    const keys = [
      "s",
      1,
      1n,
      null,
      undefined,
      [1, 2],
      { k: 1 },
      new Date(1),
      "a rather long key that is in another table",
      "",
    ];
    const set = (values: unknown[], state: unknown) => (values.length > 0 ? values[0] : state);
    await batch(
      1,
      keys.map((key, i) => [key, states[i]]),
      set,
    );
    slot.restart();
    expect(await batch(2, [], set)).toEqual(keys.map((key, i) => [key, states[i]]));
    await batch(3, [["s", "gone"]], (values: unknown[], state: unknown) => (values.length > 0 ? undefined : state));
    slot.restart();
    expect(await batch(4, [], set)).toEqual(keys.slice(1).map((key, i) => [key, states[i + 1]]));
  });
});

test("holes of forgotten keys are removed in the end", async () => {
  const flip = (values: number[]) => (values.length > 0 ? values[0] : undefined);
  for (let b = 1; b <= 6; b++) {
    const pairs = Array.from({ length: 3000 }, (_, i) => [`${b}-${i}`, i]);
    expect(await batch(b, pairs, flip, { sink: { kind: "count" } })).toEqual([3000]);
  }
  expect(await batch(7, [["x", 1]], flip)).toEqual([["x", 1]]);
});
