// Every kind of value that a record may be, through a shuffle, through state, and to the driver, which compares it with
// the original. Prints `values ok` and their number, or the differences.
import { inspect, isDeepStrictEqual } from "node:util";
import { defineJob } from "millrace";

class Point {
  readonly x: number;
  readonly y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  get norm(): number {
    return Math.hypot(this.x, this.y);
  }
}

const sticky = /a(b)?/giu;
sticky.lastIndex = 2;

const VALUES: readonly (readonly [string, unknown])[] = [
  ["string", "plain"],
  ["empty string", ""],
  ["latin1", "naïve"],
  ["utf-16", "中文 😀"],
  ["lone surrogate", "😀".charAt(0)],
  ["int", 42],
  ["float", 0.1],
  ["minus zero", -0],
  ["NaN", Number.NaN],
  ["infinity", Number.NEGATIVE_INFINITY],
  ["bigint", 2n ** 80n],
  ["negative bigint", -1n],
  ["true", true],
  ["undefined", undefined],
  ["null", null],
  ["date", new Date(1_700_000_000_123)],
  ["invalid date", new Date(Number.NaN)],
  ["regexp", sticky],
  ["array", [1, "two", [3n, [undefined, null]]]],
  ["object", { a: 1, "b c": { d: [new Date(0)] }, e: undefined }],
  [
    "map",
    new Map<unknown, unknown>([
      ["k", new Set([1, "1"])],
      [{ o: 1 }, new Map()],
    ]),
  ],
  ["set", new Set<unknown>([Number.NaN, -1, "x"])],
  ["bytes", new Uint8Array([0, 255, 7])],
  ["float64 array", new Float64Array([-0, Number.NaN, 1.5])],
  ["int16 array", new Int16Array([-1, 32_767])],
  ["big array", new BigInt64Array([-1n, 2n ** 62n])],
  ["array buffer", new Uint8Array([1, 2, 3]).buffer],
  ["instance", new Point(3, 4)],
  ["nested instance", { at: [new Point(-0, 1)] }],
];

const KEYS: readonly unknown[] = [1, 1n, "1", true, new Date(1), null, undefined, [1, { a: 2 }], Number.NaN, -0, false];

export default defineJob({ name: "values", batchInterval: "100ms" }, (ssc) => {
  ssc
    .queueStream([VALUES.map(([name, value]) => [name, value] as const)], { default: [] })
    .map(([name, value]) => [name, value] as const)
    .repartition(3)
    .groupByKey()
    .updateStateByKey<unknown[]>((added, kept = []) => [...kept, ...added.flat(1)])
    .foreachRDD(async (rdd) => {
      const found = new Map(await rdd.collect());
      const wrong = VALUES.filter(([name, value]) => !same(found.get(name), value));
      const told = wrong.map(([name, value]) => `${name}: ${inspect(found.get(name))} for ${inspect(value)}`);
      console.log(wrong.length === 0 ? `values ok ${found.size}` : `values wrong ${told.join("; ")}`);
    });
  ssc
    .queueStream([[...KEYS, ...KEYS, 0]], { default: [] })
    .map((key) => [key, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd) => {
      const counts = (await rdd.collect()).map(([, n]) => n).sort();
      if (counts.length > 0) console.log(`keys ${JSON.stringify(counts)}`);
    });
});

/** A group of that one value. `isDeepStrictEqual` compares by `Object.is`, prototypes, and a RegExp's `lastIndex`. */
function same(found: unknown, value: unknown): boolean {
  if (!Array.isArray(found) || found.length !== 1) return false;
  const [one] = found;
  if (value instanceof Point && !(one instanceof Point && one.norm === 5)) return false;
  // Node 20 holds no invalid date equal to another.
  if (value instanceof Date) return one instanceof Date && Object.is(one.getTime(), value.getTime());
  return isDeepStrictEqual(one, value);
}
