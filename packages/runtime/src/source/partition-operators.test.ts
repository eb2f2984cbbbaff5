import { type FunctionRef, operators } from "@millrace/operators";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, op, TestSlot } from "../slot/test-slot.fixture.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

describe("operators of the engine over whole partitions", () => {
  /** The result of an operator for a partition of `records`, which passes another operator first. */
  async function made(ref: FunctionRef, records: readonly unknown[], limit?: number) {
    const done = await slot.done({
      source: blocks,
      inputs: [slot.input(records)],
      ops: [op("filter", 0), op("mapPartitionsWithIndex", 1)],
      functions: [() => true, ref],
      ...(limit === undefined ? {} : { limit }),
    });
    return slot.results(done);
  }
  const numbers = Array.from({ length: 5000 }, (_, n) => n);

  test("take and return records in arrays of any length", async () => {
    const keyed = await made(
      operators.keyByPartition.ref(() => [3]),
      numbers,
    );
    expect(keyed).toEqual(numbers.map((n) => [0, n]));
    expect(
      await made(
        operators.keyByPartition.ref(() => [3]),
        [],
      ),
    ).toEqual([]);
    expect(
      await made(
        operators.keyByPartition.ref(() => [3]),
        numbers,
        2,
      ),
    ).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  test("see pairs as tuples, although they are stored in columns", async () => {
    const pairs = numbers.map((n) => [`k${n}`, n]);
    expect(
      await made(
        operators.keyByPartition.ref(() => [1]),
        pairs,
      ),
    ).toEqual(pairs.map((pair) => [0, pair]));
  });

  test("may return nothing for one array, or for all", async () => {
    expect(
      await made(
        operators.sample.ref(() => [0, 0, 1]),
        numbers,
      ),
    ).toEqual([]);
    const few = await made(
      operators.sample.ref(() => [0, 0.001, 1]),
      numbers,
    );
    expect(few.length).toBeLessThan(30);
    expect(few.length).toBeGreaterThan(0);
  });

  test("tell the operator when they fail", async () => {
    const failing = made(
      operators.sampleByKey.ref(() => [false, [["a", 1]], 1]),
      [
        ["a", 1],
        ["b", 2],
      ],
    );
    await expect(failing).rejects.toThrow(/\[FRACTION_MISSING\] mapPartitionsWithIndex at job.*the key "b"/);
  });
});
