import type { ExternalSource } from "@millrace/api";
import { describe, expect, test } from "vitest";
import { type SourcePlace, sourceContract } from "./source-contract.ts";

interface Numbers {
  readonly from: number;
  readonly until: number;
}

/** A system of numbers, and a source over it that a test may spoil. */
function numbers(
  spoilt: Partial<ExternalSource<Numbers, number, undefined>> = {},
): SourcePlace<Numbers, number, undefined> {
  let end = 0;
  const source = (): ExternalSource<Numbers, number, undefined> => {
    let next = 0;
    return {
      label: "numbers",
      options: undefined,
      start: (last) => {
        next = last?.at(-1)?.until ?? 0;
      },
      fix: () => {
        const range = { from: next, until: end };
        next = end;
        return [range];
      },
      read: ({ from, until }) => Array.from({ length: until - from }, (_, i) => from + i),
      ...spoilt,
    };
  };
  return {
    source,
    produce: (count) => {
      end += count;
      return Array.from({ length: count }, (_, i) => end - count + i);
    },
  };
}

async function failing(place: () => SourcePlace<Numbers, number, undefined>): Promise<readonly string[]> {
  const titles: string[] = [];
  for (const { title, run } of sourceContract(place)) {
    const failed = await run().then(
      () => false,
      () => true,
    );
    if (failed) titles.push(title);
  }
  return titles;
}

describe("a source that keeps the contract", () => {
  for (const { title, run } of sourceContract(() => numbers())) test(title, run);
});

describe("a source that breaks it is told of it", () => {
  test("if it forgets where it was", async () => {
    expect(await failing(() => numbers({ start: () => undefined }))).toContain(
      "started anew, it goes on after the last ranges, with no gap and no repetition",
    );
  });

  test("if a range reads something else the second time", async () => {
    let reads = 0;
    const read = ({ from, until }: Numbers) => Array.from({ length: until - from }, () => reads++);
    expect(await failing(() => numbers({ read }))).toContain(
      "a range yields the same records in the same order, whenever and wherever it is read",
    );
  });

  test("if its ranges are no plain data", async () => {
    const fix = () => [new (class extends Array<number> {})() as unknown as Numbers];
    expect(await failing(() => numbers({ fix }))).toHaveLength(6);
  });

  test("if it reads the same again and again", async () => {
    const fix = () => [{ from: 0, until: 3 }];
    expect(await failing(() => numbers({ fix }))).toContain("a batch without anything new reads nothing");
  });
});
