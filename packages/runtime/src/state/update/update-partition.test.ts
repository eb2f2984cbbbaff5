import { fnSlot, type StateUpdate } from "@millrace/plan";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StateBatches } from "../state-batches.fixture.ts";

type Entries = Iterable<[key: string, values: number[], state: number | undefined]>;
type Update = (entries: Entries, time: number) => Iterable<unknown>;

let batches: StateBatches;
beforeEach(() => {
  batches = new StateBatches();
});
afterEach(() => batches.remove());

interface Options {
  readonly initial?: Iterable<unknown>;
  readonly place?: (key: unknown) => number;
  readonly version?: number;
}

function updating(pairs: Iterable<unknown>, fn: unknown, { initial, place, version }: Options) {
  const update: StateUpdate = {
    kind: "updatePartition",
    feed: { kind: "shuffle", input: 0 },
    ...(initial === undefined ? {} : { initial: { kind: "shuffle", input: 1 } as const }),
    fn: fnSlot(0),
    ...(place === undefined ? {} : { place: fnSlot(1) }),
  };
  return {
    update,
    functions: [fn as () => unknown, place ?? (() => 0)], // what is no such function is to be refused
    inputs: [pairs, initial ?? []],
    ...(version === undefined ? {} : { version }),
  };
}

const batch = (number: number, pairs: Iterable<unknown>, fn: Update, options: Options = {}) =>
  batches.results(number, updating(pairs, fn, options));
const failure = (number: number, pairs: Iterable<unknown>, fn: unknown, options: Options = {}) =>
  batches.failure(number, updating(pairs, fn, options));

const total = (values: readonly number[], state = 0) => values.reduce((a, b) => a + b, state);
function* sums(entries: Entries): Generator<[string, number]> {
  for (const [key, values, state] of entries) yield [key, total(values, state)];
}

describe("updateStatePartitions", () => {
  test("receives every key with its values and its state, and returns the whole state", async () => {
    expect(
      await batch(
        1,
        [
          ["a", 1],
          ["b", 2],
          ["a", 3],
        ],
        sums,
      ),
    ).toEqual([
      ["a", 4],
      ["b", 2],
    ]);
    const seen: unknown[] = [];
    const log = function* (entries: Entries, time: number) {
      for (const entry of entries) {
        seen.push([...entry, time]);
        yield* sums([entry]);
      }
    };
    expect(
      await batch(
        2,
        [
          ["b", 1],
          ["c", 5],
        ],
        log,
      ),
    ).toEqual([
      ["b", 3],
      ["c", 5],
      ["a", 4],
    ]);
    expect(seen).toEqual([
      ["b", [1], 2, 2],
      ["c", [5], undefined, 2],
      ["a", [], 4, 2],
    ]);
  });

  test("forgets the keys that the function does not return, even if it stops early", async () => {
    await batch(
      1,
      [
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ],
      sums,
    );
    const some = (entries: Entries) =>
      [...entries].filter(([key]) => key !== "b").map(([key, , state]) => [key, state]);
    expect(await batch(2, [], some)).toEqual([
      ["a", 1],
      ["c", 3],
    ]);
    const first = function* (entries: Entries) {
      for (const [key] of entries) {
        yield [key, 7];
        return;
      }
    };
    expect(await batch(3, [], first)).toEqual([["a", 7]]);
    batches.slot.restart();
    expect(await batch(4, [], sums)).toEqual([["a", 7]]);
    expect(await batch(5, [], (entries) => [...entries].map(([key]) => [key, undefined]))).toEqual([]);
    expect(await batch(6, [], sums)).toEqual([]);
  });

  test("may use data of one key for another", async () => {
    const ranks = (entries: Entries) =>
      [...entries]
        .map(([key, values, state]) => [key, total(values, state)] as const)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 2);
    await batch(
      1,
      [
        ["a", 1],
        ["b", 2],
        ["c", 3],
      ],
      ranks,
    );
    expect(await batch(2, [["d", 9]], ranks)).toEqual([
      ["d", 9],
      ["c", 3],
    ]);
  });

  test("begins with the initial state, in the first batch only", async () => {
    const initial = [
      ["a", 100],
      ["z", 7],
    ];
    expect(await batch(1, [["a", 1]], sums, { initial })).toEqual([
      ["a", 101],
      ["z", 7],
    ]);
    expect(await batch(2, [["b", 1]], sums, { initial })).toEqual([
      ["b", 1],
      ["a", 101],
      ["z", 7],
    ]);
  });

  test("has the same result again without a call", async () => {
    let calls = 0;
    const counted: Update = (entries) => {
      calls += 1;
      return sums(entries);
    };
    await batch(1, [["a", 1]], counted);
    expect(await batch(1, [["a", 1]], counted)).toEqual([["a", 1]]);
    expect(calls).toBe(1);
  });
});

describe("a function of a partition's state is refused", () => {
  test("a key of another partition", async () => {
    expect(await failure(1, [["a", 1]], () => [["b", 1]], { place: (key) => (key === "a" ? 0 : 1) })).toMatchObject({
      kind: { code: "STATE_MISUSED" },
      message: expect.stringMatching(
        /stateful at job\.ts:3:3: it returned state for the key 'b', which belongs to another/,
      ),
    });
  });

  test("a key twice, known before or not", async () => {
    const twice = (entries: Entries) =>
      [...entries].flatMap(([key]) => [
        [key, 1],
        [key, 2],
      ]);
    expect(await failure(1, [["a", 1]], twice)).toMatchObject({ kind: { code: "STATE_MISUSED" } });
    await batch(1, [["a", 1]], sums);
    expect(await failure(2, [], twice)).toMatchObject({ kind: { code: "STATE_MISUSED" } });
    expect(await batch(2, [], sums)).toEqual([["a", 1]]);
  });

  test("records that are no pairs, a promise, and nothing", async () => {
    expect(await failure(1, [["a", 1]], () => ["a"])).toMatchObject({ kind: { code: "RECORD_NOT_PAIR" } });
    expect(await failure(1, [["a", 1]], async () => [])).toMatchObject({ kind: { code: "NOT_ITERABLE" } });
    expect(await failure(1, [["a", 1]], () => undefined)).toMatchObject({ kind: { code: "NOT_ITERABLE" } });
  });

  test("and its generator may clean up", async () => {
    let cleaned = false;
    const failing = function* () {
      try {
        yield "no pair";
      } finally {
        cleaned = true;
      }
    };
    expect(await failure(1, [["a", 1]], failing)).toMatchObject({ kind: { code: "RECORD_NOT_PAIR" } });
    expect(cleaned).toBe(true);
  });
});
