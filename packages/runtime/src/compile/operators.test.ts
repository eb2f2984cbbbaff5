import { afterAll, describe, expect, test } from "vitest";
import { op, TestSlot } from "../slot/test-slot.fixture.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

describe("operators on records", () => {
  test("map, filter and flatMap run in order", async () => {
    const result = await slot.collect([1, 2, 3, 4], {
      ops: [op("map", 0), op("filter", 1), op("flatMap", 2)],
      functions: [(n: number) => n * 10, (n: number) => n > 10, (n: number) => [n, n + 1]],
    });
    expect(result).toEqual([20, 21, 30, 31, 40, 41]);
  });

  test("flatMap accepts any iterable, including an empty one", async () => {
    const result = await slot.collect([0, 1, 2, 3], {
      ops: [op("flatMap", 0), op("map", 1)],
      functions: [
        (n: number) =>
          [
            "ab",
            new Set([1, 2]),
            [],
            (function* () {
              for (let i = 0; i < 600; i++) yield i;
            })(),
          ][n] ?? [],
        (x: unknown) => [x],
      ],
    });
    expect(result.slice(0, 4)).toEqual([["a"], ["b"], [1], [2]]);
    expect(result).toHaveLength(604);
    expect(result.at(-1)).toEqual([599]);
  });

  test("nested flatMaps keep their order, arrays and generators mixed", async () => {
    const result = await slot.collect([1, 2], {
      ops: [op("flatMap", 0), op("flatMap", 1), op("filter", 2)],
      functions: [
        function* (n: number) {
          yield n;
          yield n * 10;
        },
        (n: number) => [n, -n],
        (n: number) => n !== -1,
      ],
    });
    expect(result).toEqual([1, 10, -10, 2, -2, 20, -20]);
  });

  test("number continues across chunks and flatMaps, with the step of its partition", async () => {
    const records = Array.from({ length: 3000 }, (_, n) => n);
    const ops = [op("flatMap", 0), op("filter", 1), op("number", 2)];
    const functions = [(n: number) => [n, n], (n: number) => n % 3 !== 0, (partition: number) => [partition, 4]];
    const kept = records.flatMap((n) => (n % 3 === 0 ? [] : [n, n]));
    expect(await slot.collect(records, { ops, functions, partition: 2 })).toEqual(kept.map((n, i) => [n, 2 + 4 * i]));
    const sorted = { ops: [...ops, op("sort"), op("number", 2), op("mapValues", 3)] };
    const again = await slot.collect(records, {
      ...sorted,
      functions: [...functions, (i: number) => -i],
      partition: 1,
    });
    expect(again).toEqual(kept.map((n, i) => [[n, 1 + 4 * i], -1 - 4 * i]));
    expect(await slot.collect([], { ops, functions })).toEqual([]);
  });

  test("glom yields one array, even for an empty partition", async () => {
    expect(await slot.collect([1, 2], { ops: [op("glom")] })).toEqual([[1, 2]]);
    expect(await slot.collect([], { ops: [op("glom")] })).toEqual([[]]);
  });
});

describe("operators on pairs", () => {
  const pairs = [
    ["a", 1],
    ["b", 2],
  ];

  test("mapValues, flatMapValues, keys and values", async () => {
    expect(await slot.collect(pairs, { ops: [op("mapValues", 0)], functions: [(n: number) => n + 1] })).toEqual([
      ["a", 2],
      ["b", 3],
    ]);
    expect(await slot.collect(pairs, { ops: [op("flatMapValues", 0)], functions: [(n: number) => [n, -n]] })).toEqual([
      ["a", 1],
      ["a", -1],
      ["b", 2],
      ["b", -2],
    ]);
    expect(await slot.collect(pairs, { ops: [op("keys")] })).toEqual(["a", "b"]);
    expect(await slot.collect(pairs, { ops: [op("values")] })).toEqual([1, 2]);
  });

  test("a function on records sees pairs as arrays", async () => {
    const result = await slot.collect(pairs, {
      ops: [op("mapValues", 0), op("filter", 1), op("mapValues", 0), op("map", 2)],
      functions: [
        (n: number) => n * 2,
        (pair: [string, number]) => pair[0] !== "a",
        (pair: [string, number]) => pair.join("="),
      ],
    });
    expect(result).toEqual(["b=8"]);
  });

  test("a record that is no pair is refused with the operator and the record", async () => {
    await expect(
      slot.collect([{ a: 1 }], { ops: [op("mapValues", 0)], functions: [(n: number) => n] }),
    ).rejects.toThrow(/\[RECORD_NOT_PAIR\] mapValues at job\.ts:1:1: it was given \{ a: 1 \}/);
  });
});

describe("partition functions", () => {
  test("mapPartitions pulls, and is called for an empty partition too", async () => {
    const double = function* (numbers: Iterable<number>) {
      let n = 0;
      for (const x of numbers) {
        n += 1;
        yield x * 2;
      }
      yield `${n} in all`;
    };
    expect(await slot.collect([1, 2], { ops: [op("mapPartitions", 0)], functions: [double] })).toEqual([
      2,
      4,
      "2 in all",
    ]);
    expect(await slot.collect([], { ops: [op("mapPartitions", 0)], functions: [double] })).toEqual(["0 in all"]);
  });

  test("only as much is computed as is pulled", async () => {
    let computed = 0;
    const records = Array.from({ length: 100_000 }, (_, i) => i);
    const result = await slot.collect(records, {
      ops: [op("map", 0), op("mapPartitions", 1)],
      functions: [
        (n: number) => {
          computed += 1;
          return n;
        },
        function* (numbers: Iterable<number>) {
          for (const n of numbers) {
            if (n === 3) return;
            yield n;
          }
        },
      ],
    });
    expect(result).toEqual([0, 1, 2]);
    expect(computed).toBeLessThan(1000);
  });

  test.each(["flatMap", "flatMapValues"] as const)("a %s may make any number of records of one", async (kind) => {
    let made = 0;
    let closed = false;
    const endless = function* () {
      try {
        for (;;) yield made++;
      } finally {
        closed = true;
      }
    };
    const result = await slot.collect([["a", 1]], {
      ops: [op(kind, 0), op("filter", 1), op("mapPartitions", 2), op("mapPartitions", 3)],
      functions: [
        endless,
        () => true,
        (records: Iterable<unknown>) => records,
        function* (records: Iterable<unknown>) {
          let n = 0;
          for (const record of records) {
            yield record;
            if (++n === 1000) return;
          }
        },
      ],
    });
    expect(result.at(-1)).toEqual(kind === "flatMap" ? 999 : ["a", 999]);
    expect(result).toHaveLength(1000);
    expect(made).toBeLessThan(2000);
    expect(closed).toBe(true);
  });

  test("the results of flatMap are in order for short and long arrays, and holes are undefined", async () => {
    const lengths = [3, 500, 0, 2, 5000, 64, 63];
    const holed: unknown[] = [];
    holed[99] = "end";
    const result = await slot.collect([...lengths, "generator", "holed"], {
      ops: [op("flatMap", 0), op("mapPartitions", 1), op("mapPartitionsWithIndex", 2)],
      functions: [
        (made: unknown) => {
          if (made === "holed") return holed;
          const values = Array.from({ length: typeof made === "number" ? made : 300 }, (_, i) => [made, i]);
          return typeof made === "number" ? values : values.values();
        },
        (records: Iterable<unknown>) => records,
        (_: number, records: Iterable<unknown>) => records,
      ],
    });
    const expected: unknown[] = lengths.flatMap((length) => Array.from({ length }, (_, i) => [length, i]));
    for (let i = 0; i < 300; i++) expected.push(["generator", i]);
    expect(result.slice(0, -100)).toEqual(expected);
    expect(result.slice(-100)).toEqual(Array.from(holed));
  });

  test("mapPartitionsWithIndex gets the partition", async () => {
    const result = await slot.collect([1], {
      partition: 7,
      ops: [op("mapPartitionsWithIndex", 0)],
      functions: [(index: number, numbers: Iterable<number>) => [[index, ...numbers]]],
    });
    expect(result).toEqual([[7, 1]]);
  });

  test("functions may be async, return async iterables, and follow one another", async () => {
    const result = await slot.collect([1, 2, 3], {
      ops: [
        op("mapPartitions", 0),
        op("map", 1),
        op("mapPartitions", 2),
        op("glom"),
        op("flatMap", 3),
        op("mapPartitions", 4),
      ],
      functions: [
        async function* (numbers: Iterable<number>) {
          for (const n of numbers) {
            await Promise.resolve();
            yield n;
          }
        },
        (n: number) => n + 1,
        async (numbers: Iterable<number>) => {
          await Promise.resolve();
          return [...numbers].map((n) => n * 10);
        },
        (all: number[]) => all,
        (numbers: Iterable<number>) => [...numbers, "end"],
      ],
    });
    expect(result).toEqual([20, 30, 40, "end"]);
  });

  test("an error above fails the task even when the function swallows it", async () => {
    await expect(
      slot.collect([1, 2], {
        ops: [op("map", 0), op("mapPartitions", 1)],
        functions: [
          () => {
            throw new TypeError("no");
          },
          (numbers: Iterable<number>) => {
            try {
              return [...numbers];
            } catch {
              return [];
            }
          },
        ],
      }),
    ).rejects.toThrow(/map at job\.ts:1:1 threw TypeError: no/);
  });

  test("a generator that is not read to its end runs its finally block", async () => {
    let closed = false;
    const result = await slot.collect([1], {
      limit: 2,
      ops: [op("mapPartitions", 0)],
      functions: [
        function* () {
          try {
            for (let i = 0; ; i++) yield i;
          } finally {
            closed = true;
          }
        },
      ],
    });
    expect(result).toEqual([0, 1]);
    expect(closed).toBe(true);
  });
});

describe("an error of the user's function", () => {
  test("names the operator and keeps the message, name and stack", async () => {
    const outcome = await slot.run({
      source: { kind: "blocks", input: 0 },
      inputs: [slot.input([1])],
      ops: [op("map", 0), op("map", 1)],
      functions: [
        (n: number) => n,
        function explode() {
          throw new RangeError("too far");
        },
      ],
    });
    expect(outcome).toMatchObject({
      kind: "failed",
      error: {
        message: expect.stringMatching(/^\[USER_CODE_FAILED\] map at job\.ts:2:1 threw RangeError: too far/),
        stack: expect.stringContaining("explode"),
        kind: { code: "USER_CODE_FAILED", blame: "user", retry: "same-task" },
        fields: { operator: "map at job.ts:2:1", name: "RangeError", message: "too far" },
        cause: { name: "RangeError", message: "too far" },
      },
    });
  });

  test.each([
    ["a string", "boom", /threw a value of type string: boom/],
    ["undefined", undefined, /threw nothing: undefined/],
    ["an object", { a: 1 }, /threw a value of type object: /],
  ])("%s that is thrown is reported", async (_, thrown, message) => {
    const boom = () => {
      throw thrown;
    };
    await expect(slot.collect([1], { ops: [op("map", 0)], functions: [boom] })).rejects.toThrow(message);
  });

  test("in a flatMap's generator is the flatMap's", async () => {
    await expect(
      slot.collect([1], {
        ops: [op("flatMap", 0), op("map", 1)],
        functions: [
          function* () {
            yield 1;
            throw new Error("late");
          },
          (n: number) => n,
        ],
      }),
    ).rejects.toThrow(/flatMap at job\.ts:1:1 threw Error: late/);
  });

  test("an async function where none is allowed is named", async () => {
    await expect(slot.collect([1], { ops: [op("flatMap", 0)], functions: [async () => [1]] })).rejects.toThrow(
      /\[NOT_ITERABLE\] flatMap .* Only the functions of mapPartitions/,
    );
  });

  test("a filter that is async is refused: its promise would keep every record", async () => {
    await expect(slot.collect([1], { ops: [op("filter", 0)], functions: [async () => false] })).rejects.toThrow(
      /\[PROMISE_NOT_AWAITED\] filter at job\.ts:1:1: it returned a promise.*mapPartitions/,
    );
  });

  test("a filter keeps records with a truthy result", async () => {
    const odd = await slot.collect([1, 2, 3, 4], { ops: [op("filter", 0)], functions: [(n: number) => n % 2] });
    expect(odd).toEqual([1, 3]);
  });

  test("a record that cannot be encoded names the last operator", async () => {
    await expect(
      slot.collect([1], { ops: [op("map", 0)], functions: [(n: number) => ({ socket: () => n })] }),
    ).rejects.toThrow(/\[RECORD_NOT_ENCODABLE\] map at job\.ts:1:1: .*socket/s);
  });
});

test("a cancelled task ends within a thousand records or so", async () => {
  slot.cancelAfterChecks = 3;
  let calls = 0;
  const outcome = await slot.run({
    source: { kind: "blocks", input: 0 },
    inputs: [slot.input([0])],
    ops: [op("flatMap", 0), op("filter", 1)],
    functions: [
      function* () {
        for (;;) yield 1;
      },
      () => {
        calls += 1;
        return false;
      },
    ],
  });
  slot.cancelAfterChecks = Number.POSITIVE_INFINITY;
  expect(outcome).toEqual({ kind: "cancelled" });
  expect(calls).toBeLessThan(5000);
});
