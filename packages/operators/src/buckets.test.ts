import { expect, test } from "vitest";
import { bucketCounts } from "./buckets.ts";

test("numbers are counted from where a bucket begins, in the last one to its end, and not outside", () => {
  const numbers = [-1, 0, 9.99, 10, 19, 20, 50, 50.01, Number.NaN, Number.POSITIVE_INFINITY];
  expect(bucketCounts(numbers, [0, 10, 20, 50], false)).toEqual([2, 2, 2]);
  expect(bucketCounts([5, 5, 6], [5, 5.5, 6], false)).toEqual([2, 1]);
  expect(bucketCounts([1, Number.POSITIVE_INFINITY], [0, Number.POSITIVE_INFINITY], false)).toEqual([2]);
});

test("equally wide buckets need no search", () => {
  const numbers = Array.from({ length: 101 }, (_, i) => i);
  const ends = Array.from({ length: 11 }, (_, i) => i * 10);
  expect(bucketCounts(numbers, ends, true)).toEqual(bucketCounts(numbers, ends, false));
  expect(bucketCounts([3, 3], [3, 3], true)).toEqual([2]);
});
