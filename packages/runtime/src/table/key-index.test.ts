import fc from "fast-check";
import { expect, test } from "vitest";
import { hashOf, KeyIndex } from "./key-index.ts";

const key = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.string({ minLength: 20, maxLength: 30 }),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(null, undefined, true, 1n, Number.NaN),
);

test("finds keys that were added and not removed, like a Map", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 300 }), (steps) => {
      const index = new KeyIndex();
      const model = new Map<unknown, number>();
      for (const [add, k] of steps) {
        const found = index.find(k);
        expect(found).toBe(model.get(k) ?? -1);
        if (add && found < 0) model.set(k, index.add(k));
        if (!add && found >= 0) {
          index.remove(found);
          model.delete(k);
        }
        expect(index.size).toBe(model.size);
      }
      for (const [k, i] of model) expect(index.find(k)).toBe(i);
    }),
  );
});

test("keys that were chosen to collide are found all the same", () => {
  const byBucket = new Map<number, string[]>();
  for (let i = 0; i < 300_000; i++) {
    const k = i.toString(36);
    const bucket = hashOf(k) & 0x3ff;
    const keys = byBucket.get(bucket) ?? [];
    keys.push(k);
    byBucket.set(bucket, keys);
  }
  const keys = byBucket.get(5) ?? [];
  expect(keys.length).toBeGreaterThan(200);
  const index = new KeyIndex();
  for (const k of keys) {
    expect(index.find(k)).toBe(-1);
    index.add(k);
  }
  keys.forEach((k, i) => {
    expect(index.find(k)).toBe(i);
  });
});
