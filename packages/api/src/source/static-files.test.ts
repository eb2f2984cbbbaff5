import { locationFrom } from "@millrace/files";
import { describe, expect, test } from "vitest";
import { rangesOf } from "./file-ranges.ts";
import { groupsOf } from "./static-files.ts";

const MB = 1024 * 1024;
const files = (...sizes: readonly number[]) =>
  sizes.map((bytes, i) => ({ path: locationFrom(`/in/${i}`), bytes, version: "v" }));

test("files that are compressed are not cut", () => {
  const big = 300 * MB;
  expect(rangesOf([{ path: locationFrom("/in/a.gz"), bytes: big, version: "v" }], { partitions: 8 })).toEqual([
    { kind: "file", path: "/in/a.gz", start: 0, end: big, version: "v" },
  ]);
  expect(
    rangesOf([{ path: locationFrom("/in/a"), bytes: big, version: "v" }], { partitions: 8 }).length,
  ).toBeGreaterThan(4);
});

describe("whole files are grouped with their neighbours", () => {
  const sizes = (groups: ReturnType<typeof groupsOf>) => groups.map((group) => group.map(({ bytes }) => bytes));

  test("into about as many groups as are asked for, of about as many bytes", () => {
    expect(sizes(groupsOf(files(1, 1, 1, 1, 1, 1), 2))).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(sizes(groupsOf(files(9, 1, 1, 1), 2))).toEqual([[9], [1, 1, 1]]);
    expect(sizes(groupsOf(files(5), 4))).toEqual([[5]]);
    expect(groupsOf([], 2)).toEqual([]);
  });

  test("into more where one would be too large", () => {
    const many = files(...Array.from({ length: 10 }, () => 30 * MB));
    expect(groupsOf(many, 1)).toHaveLength(5);
  });

  test("also when all are empty", () => {
    expect(sizes(groupsOf(files(0, 0, 0), 2))).toEqual([[0, 0, 0]]);
  });
});
