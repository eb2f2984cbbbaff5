import { fnSlot, type StateUpdate } from "@millrace/plan";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { op } from "../../slot/test-slot.fixture.ts";
import { StateBatches } from "../state-batches.fixture.ts";

type Pairs = readonly (readonly [unknown, unknown])[];
type Value = (a: never, b: never) => unknown;

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;

let batches: StateBatches;
beforeEach(() => {
  batches = new StateBatches();
});
afterEach(() => batches.remove());

interface Options {
  readonly reduce?: Value;
  readonly inverse?: Value;
  readonly filter?: (pair: readonly [string, number]) => unknown;
  readonly limit?: number;
  readonly version?: number;
  readonly after?: () => never;
}

function moved(entering: Pairs, leaving: Pairs, options: Options) {
  const { reduce = add, inverse = subtract, filter, limit, version, after } = options;
  const update: StateUpdate = {
    kind: "window",
    entering: { kind: "shuffle", input: 0 },
    leaving: { kind: "shuffle", input: 1 },
    reduce: fnSlot(0),
    inverse: fnSlot(1),
    ...(filter === undefined ? {} : { filter: fnSlot(2) }),
  };
  return {
    update,
    functions: [reduce, inverse, filter ?? (() => true), after ?? (() => undefined)],
    inputs: [entering, leaving],
    ops: after === undefined ? [] : [op("map", 3)],
    ...(version === undefined ? {} : { version }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** The content of window `number` after some pairs have entered it and others have left. */
async function window(number: number, entering: Pairs, leaving: Pairs, options: Options = {}) {
  const pairs = (await batches.results(number, moved(entering, leaving, options))) as [unknown, unknown][];
  return new Map(pairs);
}

const failure = (number: number, entering: Pairs, leaving: Pairs, options: Options = {}) =>
  batches.failure(number, moved(entering, leaving, options));

const entries = (object: Record<string, unknown>) => new Map(Object.entries(object));

describe("a window's reduction", () => {
  test("adds entering and subtracts leaving values, and yields every key", async () => {
    const first: Pairs = [
      ["a", 1],
      ["b", 2],
    ];
    expect(await window(1, first, [])).toEqual(entries({ a: 1, b: 2 }));
    expect(
      await window(
        2,
        [
          ["a", 10],
          ["c", 5],
        ],
        [],
      ),
    ).toEqual(entries({ a: 11, b: 2, c: 5 }));
    expect(await window(3, [["b", 1]], first)).toEqual(entries({ a: 10, b: 1, c: 5 }));
  });

  test("reduces several batches of a key in order, and subtracts before it adds", async () => {
    const calls: string[] = [];
    const reduce = (a: string, b: string) => {
      calls.push(`${a}+${b}`);
      return `(${a}+${b})`;
    };
    const inverse = (a: string, b: string) => {
      calls.push(`${a}-${b}`);
      return `(${a}-${b})`;
    };
    await window(
      1,
      [
        ["k", "a"],
        ["k", "b"],
        ["k", "c"],
      ],
      [],
      { reduce, inverse },
    );
    expect(
      await window(
        2,
        [
          ["k", "d"],
          ["k", "e"],
        ],
        [
          ["k", "a"],
          ["k", "b"],
        ],
        { reduce, inverse },
      ),
    ).toEqual(entries({ k: "((((a+b)+c)-(a+b))+(d+e))" }));
    expect(calls.slice(2)).toEqual(["a+b", "((a+b)+c)-(a+b)", "d+e", "(((a+b)+c)-(a+b))+(d+e)"]);
  });

  test("ignores leaving values of a new key, like the reference", async () => {
    expect(await window(1, [["a", 3]], [["a", 1]])).toEqual(entries({ a: 3 }));
  });

  test("keeps a key with its remaining value, unless the filter drops it", async () => {
    await window(1, [["a", 2]], []);
    expect(await window(2, [], [["a", 2]])).toEqual(entries({ a: 0 }));
    const filter = ([, n]: readonly [string, number]) => n !== 0;
    await window(3, [["b", 2]], [], { filter });
    expect(await window(4, [["a", 1]], [["b", 2]], { filter })).toEqual(entries({ a: 1 }));
    expect(await window(5, [["c", 0]], [["a", 1]], { filter })).toEqual(entries({}));
  });

  test("touches no key without anything that enters or leaves", async () => {
    const keys = new Set<string>();
    const filter = ([key]: readonly [string, number]) => keys.add(key);
    await window(
      1,
      Array.from({ length: 100 }, (_, i) => [`k${i}`, i]),
      [],
      { filter },
    );
    keys.clear();
    expect((await window(2, [["k7", 1]], [["k8", 1]], { filter })).size).toBe(100);
    expect([...keys]).toEqual(["k7", "k8"]);
  });

  test("decodes only the changed keys if the others are not pulled", async () => {
    class Sum {
      readonly n: number;
      constructor(n: number) {
        this.n = n;
      }
    }
    batches.slot.functions.defineClass("job.ts#Sum", Sum);
    const reduce = (a: Sum, b: Sum) => new Sum(a.n + b.n);
    const inverse = (a: Sum, b: Sum) => new Sum(a.n - b.n);
    const pairs = Array.from({ length: 1000 }, (_, i) => [`k${i}`, new Sum(i)] as const);
    await window(1, pairs, [], { reduce, inverse });
    const decoded = vi.spyOn(batches.slot.functions.classes, "constructorOf");
    await window(
      2,
      [
        ["k1", new Sum(5)],
        ["k2", new Sum(5)],
      ],
      [],
      { reduce, inverse, limit: 1 },
    );
    expect(decoded.mock.calls.length).toBeLessThan(10);
    const all = await window(3, [], [], { reduce, inverse });
    expect([all.get("k1"), all.get("k2"), all.get("k3"), all.size]).toEqual([new Sum(6), new Sum(7), new Sum(3), 1000]);
  });

  test("makes every change even if the output takes one record", async () => {
    const pairs = Array.from({ length: 5000 }, (_, i) => [`k${i}`, 1] as const);
    expect((await window(1, pairs, [], { limit: 1 })).size).toBe(1);
    const all = await window(2, [], pairs.slice(1), { limit: 1 });
    expect(all.size).toBe(1);
    expect([...(await window(3, [], [])).values()].reduce((a, b) => Number(a) + Number(b), 0)).toBe(1);
  });

  test("spills entering and leaving values beyond the memory of its task", async () => {
    const tight = new StateBatches({ spillBytes: 8 * 1024 });
    const pairs = Array.from({ length: 6000 }, (_, i) => [`key ${i % 1500}`, 1] as const);
    await tight.results(1, moved(pairs, [], {}));
    const rest = await tight.results(2, moved([], pairs.slice(1500), {}));
    expect(rest).toHaveLength(1500);
    expect(new Set(rest.map((pair) => (pair as [string, number])[1]))).toEqual(new Set([1]));
    expect(tight.slot.spillFiles()).toEqual([]);
    tight.remove();
  });
});

describe("a window that fails", () => {
  test("explains the filter's part if a leaving key is missing", async () => {
    const filter = ([, n]: readonly [string, number]) => n !== 0;
    await window(
      1,
      [
        ["a", 1],
        ["a", -1],
      ],
      [],
      { filter },
    );
    expect(await failure(2, [], [["a", 1]], { filter })).toMatchObject({
      kind: { code: "WINDOW_KEY_UNKNOWN", blame: "user", retry: "never" },
      message: expect.stringMatching(/stateful at job\.ts:3:3: data of the key 'a' leaves the window.*filter/),
    });
  });

  test("names the operator if a function throws, and does not change the window", async () => {
    await window(1, [["a", 1]], []);
    const inverse = () => {
      throw new Error("no way back");
    };
    expect(await failure(2, [["b", 1]], [["a", 1]], { inverse })).toMatchObject({
      message: expect.stringMatching(/stateful at job\.ts:3:3 threw Error: no way back/),
    });
    expect(await window(2, [["b", 1]], [["a", 1]])).toEqual(entries({ a: 0, b: 1 }));
  });

  test("refuses a filter that returns a promise", async () => {
    const filter = async () => true;
    expect(await failure(1, [["a", 1]], [], { filter })).toMatchObject({ kind: { code: "PROMISE_NOT_AWAITED" } });
  });
});

describe("an attempt at a window", () => {
  const explode = () => {
    throw new Error("after the update");
  };

  test("that fails later leaves nothing behind, and the next one moves it once", async () => {
    await window(1, [["a", 1]], []);
    await failure(2, [["a", 5]], [["a", 1]], { after: explode });
    expect(await window(2, [["a", 5]], [["a", 1]])).toEqual(entries({ a: 5 }));
  });

  test("for another output of the same batch moves nothing again", async () => {
    const reduce = vi.fn(add);
    await window(1, [["a", 1]], []);
    await window(2, [["a", 5]], [], { reduce });
    expect(await window(2, [["a", 5]], [], { reduce })).toEqual(entries({ a: 6 }));
    expect(reduce).toHaveBeenCalledTimes(1);
  });

  test("on another slot continues from the log", async () => {
    await window(
      1,
      [
        ["a", 1],
        ["b", 1],
      ],
      [],
    );
    await window(2, [["a", 5]], [["b", 1]], { filter: ([, n]) => n !== 0 });
    batches.slot.restart();
    expect(await window(3, [], [])).toEqual(entries({ a: 6 }));
  });

  test("of a batch that never committed does not count", async () => {
    await window(1, [["a", 1]], []);
    await window(2, [["a", 5]], []);
    expect(await window(3, [["a", 7]], [], { version: 1 })).toEqual(entries({ a: 8 }));
    batches.slot.restart();
    expect(await window(4, [], [])).toEqual(entries({ a: 8 }));
  });
});
