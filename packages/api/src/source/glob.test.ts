import { locationFrom } from "@millrace/files";
import { describe, expect, test } from "vitest";
import { matchesOf, parseGlob } from "./glob.ts";

const TREE = [
  "/in/a",
  "/in/b",
  "/in/ab",
  "/in/.hidden",
  "/in/a.b",
  "/in/a/x",
  "/in/b/x",
  "/in/b/y",
  "/other/a",
  "/in/*",
  "/in/+(a)",
  "s3://bucket/logs/2026",
  "s3://bucket/logs/2027",
  "s3://bucket/logs/.tmp",
];

async function namesIn(directory: string): Promise<readonly string[]> {
  const prefix = directory === "/" ? "/" : `${directory}/`;
  const below = TREE.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length).split("/")[0]);
  return [...new Set(below)].filter((name) => name !== undefined);
}

async function matches(path: string): Promise<readonly string[] | undefined> {
  const glob = parseGlob(locationFrom(path));
  return glob && matchesOf(glob, namesIn);
}

describe("a directory with wildcards", () => {
  test.each<[string, readonly string[]]>([
    ["/in/?", ["/in/*", "/in/a", "/in/b"]],
    ["/in/a*", ["/in/a", "/in/a.b", "/in/ab"]],
    ["/*/a", ["/in/a", "/other/a"]],
    ["/in/*/x", ["/in/*/x", "/in/+(a)/x", "/in/a.b/x", "/in/a/x", "/in/ab/x", "/in/b/x"]],
    ["/in/[ab]", ["/in/a", "/in/b"]],
    ["/in/[^a]", ["/in/*", "/in/b"]],
    ["/in/[a-b]/[x-z]", ["/in/a/x", "/in/b/x", "/in/b/y"]],
    ["/in/{a,b/y}", ["/in/a", "/in/b/y"]],
    ["/{in/{a,b},other}/*", ["/in/a/x", "/in/b/x", "/in/b/y", "/other/a"]],
    ["/in/a.?", ["/in/a.b"]],
    ["/in/\\*{,}", ["/in/*"]],
    ["/in/.h*", ["/in/.hidden"]],
    ["/in/[.]h*", []],
    ["/in/[!a]", ["/in/*", "/in/b"]],
    ["/**/a", ["/in/a", "/other/a"]],
    ["/in/+(a)*", ["/in/+(a)"]],
    ["/in/!(a)*", []],
    ["s3://bucket/logs/*", ["s3://bucket/logs/2026", "s3://bucket/logs/2027"]],
    ["s3://bucket/{logs,none}/202[7-9]", ["s3://bucket/logs/2027"]],
    ["/nowhere/*", []],
  ])("%s", async (path, expected) => {
    expect(await matches(path)).toEqual(expected);
  });

  test("is undefined without a wildcard", () => {
    expect(parseGlob(locationFrom("/in/a.b+c(d)"))).toBeUndefined();
  });

  test.each([
    ["/in/{a,b", /a brace of the path \/in\/\{a,b is not closed/],
    ["/in/[ab", /a bracket of the path \/in\/\[ab is not closed/],
    ["/in/[b-a]", /not a range of characters/],
    [`/in/${"{a,b,c,d}".repeat(6)}`, /more than 1000 paths/],
  ])("%s is refused", (path, message) => {
    expect(() => parseGlob(locationFrom(path))).toThrow(message);
  });
});
