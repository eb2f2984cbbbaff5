import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CaptureReference } from "../value/value-writer.ts";
import { anyValue, classes, identical, RUNS } from "../value/values.fixture.ts";
import { decodeCaptures, encodeCaptures } from "./captures.ts";

/** Functions of a job: the tags of the driver's build, and the factories of the executors' build. */
class Job {
  readonly #tags = new Map<object, () => CaptureReference>();
  readonly #factories = new Map<string, (...captures: never[]) => unknown>();
  resolved = 0;

  define<F extends object>(
    fn: F,
    id: string,
    names: string[],
    captures: () => unknown[],
    factory: (...c: never[]) => unknown,
  ): F {
    this.#tags.set(fn, () => ({ tag: "fn", id, captures: captures(), names }));
    this.#factories.set(id, factory);
    return fn;
  }

  encode(sets: unknown[][], names?: string[]): Uint8Array {
    return encodeCaptures(sets, {
      classes,
      reference: (value) => this.#tags.get(value)?.(),
      ...(names === undefined ? {} : { describe: (_set: number, index: number) => names[index] ?? "?" }),
    });
  }

  ship(sets: unknown[][]): unknown[][] {
    return decodeCaptures(this.encode(sets), {
      classes,
      resolve: (tag, id, captures) => {
        expect(tag).toBe("fn");
        this.resolved += 1;
        return this.#factories.get(id)?.(...(captures as never[])); // the factory takes the captures of the tag
      },
    });
  }
}

type Fn = (...args: unknown[]) => unknown;

describe("captured values", () => {
  test("are decoded unchanged, set by set", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyValue, { maxLength: 2 }), { maxLength: 2 }), (sets) =>
        identical(new Job().ship(sets), sets),
      ),
      { numRuns: RUNS },
    );
  });

  test("keep cycles and shared objects, even across sets", () => {
    const shared = { n: 1 };
    const cycle: unknown[] = [shared];
    cycle.push(cycle, new Map([[shared, cycle]]));
    const [first, second] = new Job().ship([[cycle, shared], [shared]]);
    const [back, same] = first as [[object, unknown, Map<unknown, unknown>], object]; // as went in
    expect(back[1]).toBe(back);
    expect(back[0]).toBe(same);
    expect(back[2].get(same)).toBe(back);
    expect(second?.[0]).toBe(same);
  });

  test("share identity through every kind of object", () => {
    const kinds = [
      new Date(5),
      /x/,
      Buffer.from("a"),
      new Set(),
      new Error("x"),
      new ArrayBuffer(1),
      { a: 1 },
      new Array(1),
    ];
    const [[once, twice]] = new Job().ship([[kinds, [...kinds]]]) as [[unknown[], unknown[]]]; // as went in
    for (const [i, value] of once.entries()) expect(twice[i]).toBe(value);
  });
});

describe("captured functions", () => {
  test("are created from their captures, once each", () => {
    const job = new Job();
    const step = 3;
    const add = job.define(
      (x: number) => x + step,
      "add",
      ["step"],
      () => [step],
      (s: number) => (x: number) => x + s,
    );
    const twice = job.define(
      (x: number) => add(add(x)),
      "twice",
      ["add"],
      () => [add],
      (f: (x: number) => number) => (x: number) => f(f(x)),
    );
    const [[a, b, c]] = job.ship([[twice, add, { inside: add }]]) as [[Fn, Fn, { inside: Fn }]]; // as went in
    expect([a(1), b(1)]).toEqual([7, 4]);
    expect(c.inside).toBe(b);
    expect(job.resolved).toBe(2);
  });

  test("may capture themselves and each other", () => {
    const job = new Job();
    const even: Fn = (n) => n === 0 || odd(Number(n) - 1);
    const odd: Fn = (n) => n !== 0 && even(Number(n) - 1);
    job.define(
      even,
      "even",
      ["odd"],
      () => [odd],
      (o: Fn) => (n: unknown) => n === 0 || o(Number(n) - 1),
    );
    job.define(
      odd,
      "odd",
      ["even"],
      () => [even],
      (e: Fn) => (n: unknown) => n !== 0 && e(Number(n) - 1),
    );
    const [[e, o]] = job.ship([[even, odd]]) as [[Fn, Fn]]; // as went in
    expect([e(10), e(11), o(10), o(11)]).toEqual([true, false, false, true]);
  });

  test("that are classes can be constructed through a cycle, with `this` and `new.target` intact", () => {
    const job = new Job();
    class Node {
      readonly depth: number;
      constructor(depth: number) {
        this.depth = depth;
      }
    }
    job.define(
      Node,
      "Node",
      ["Node"],
      () => [Node],
      (Self: new (n: number) => Node) => {
        return class Made extends Node {
          child(): Node {
            return new Self(this.depth + 1);
          }
        };
      },
    );
    const [[Made]] = job.ship([[Node]]) as [[new (n: number) => Node & { child(): Node }]]; // the factory's class
    expect(new Made(1).child().depth).toBe(2);
    expect(new Made(1).child()).toBeInstanceOf(Made);
  });

  test("that throw while they are created report their own error", () => {
    const job = new Job();
    const fn = job.define(
      () => 1,
      "bad",
      [],
      () => [],
      () => {
        throw new RangeError("mine");
      },
    );
    expect(() => job.ship([[fn]])).toThrow(new RangeError("mine"));
  });
});

describe("a capture that cannot be shipped", () => {
  test("is named from the variable that leads to it", () => {
    const refused = (value: unknown): unknown => {
      try {
        return new Job().encode([[1, value]], ["limit", "pool"]);
      } catch (error) {
        return error;
      }
    };
    expect(refused({ sockets: [Promise.resolve()] })).toMatchObject({
      code: "CAPTURE_NOT_SHIPPABLE",
      fields: { path: "pool.sockets[0]", set: 0, index: 1 },
    });
    expect(String(refused(() => 1))).toContain("captures `pool`");
  });

  test("is named through functions by the names of their captures", () => {
    const job = new Job();
    const lock = { held: Symbol("x") };
    const inner = job.define(
      () => 1,
      "inner",
      ["lock"],
      () => [lock],
      () => 1,
    );
    const outer = job.define(
      () => 1,
      "outer",
      ["inner"],
      () => [inner],
      () => 1,
    );
    expect(() => job.encode([[outer]], ["f"])).toThrow("f → inner → lock.held");
  });
});

describe("damaged captures", () => {
  test("yield values or an error", () => {
    const job = new Job();
    const fn: Fn = job.define<Fn>(
      () => 1,
      "fn",
      ["a"],
      () => [fn, "text"],
      () => () => 1,
    );
    const whole = job.encode([[{ fn, list: [fn, new Map([[1, fn]])] }], [fn]]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const bytes = cut ? whole.slice(0, at) : whole.slice();
        if (!cut) bytes[at] = byte;
        try {
          decodeCaptures(bytes, { classes, resolve: () => () => 1 });
        } catch (error) {
          expect(error).toMatchObject({ code: "BLOCK_CORRUPT" });
        }
      }),
      { numRuns: 5 * RUNS },
    );
  });
});
