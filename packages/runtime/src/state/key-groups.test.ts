import { expect, test } from "vitest";
import { KeyGroups } from "./key-groups.ts";

test("the keys of a range of groups are visited, without those that were removed", () => {
  const groups = new KeyGroups();
  const there = new Set<number>();
  for (let index = 0; index < 1000; index++) {
    groups.add(index, (index * 7) % 50);
    there.add(index);
  }
  const visited = (first: number, last: number): number[] => {
    const found: number[] = [];
    groups.each(
      { first, last },
      (index) => there.has(index),
      (index, group) => {
        expect(group).toBe(groups.of(index));
        found.push(index);
      },
    );
    return found.sort((a, b) => a - b);
  };
  const expected = (first: number, last: number): number[] =>
    [...there].filter((index) => (index * 7) % 50 >= first && (index * 7) % 50 <= last);
  for (const round of [0, 1, 2]) {
    expect(visited(3, 9)).toEqual(expected(3, 9));
    for (const index of [...there]) {
      if (index % 3 !== round) continue;
      there.delete(index);
      groups.remove(index);
    }
  }
  expect(visited(0, 4095)).toEqual([]);
  expect(groups.counts.every((count) => count === 0)).toBe(true);
  groups.add(1000, 5);
  there.add(1000);
  expect(visited(5, 5)).toEqual([1000]);
});
