import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { FileSystems } from "./file-systems.ts";
import { locationFrom, nameIn, parentOf, parseLocation, rootOf, schemeOf, within } from "./location.ts";

describe("the scheme of a path", () => {
  test.each([
    ["/a/b", "file"],
    ["a/b", "file"],
    ["file:/a", "file"],
    ["S3://bucket/a", "s3"],
    ["C:\\a", "file"],
    ["./a:b", "file"],
  ])("of %s is %s", (path, scheme) => expect(schemeOf(path)).toBe(scheme));
});

describe("what an author writes", () => {
  test.each([
    ["a/b", "/home/a/b"],
    ["file:a", "/home/a"],
    ["FILE:/a/", "/a"],
    ["/a%20b", "/a%20b"],
    ["file:/a%20b", "/a b"],
    ["file:///a/../b%20c/*.txt?", "/b c/*.txt?"],
    ["file://localhost/a", "/a"],
    [pathToFileURL("/a b/\u00fc").href, "/a b/\u00fc"],
    ["./s3:/a", "/home/s3:/a"],
    ["S3://Bucket/a%20b/", "s3://Bucket/a%20b"],
    ["s3://bucket", "s3://bucket"],
    ["hdfs:/a//", "hdfs:///a"],
    ["box:///", "box://"],
  ])("%s is at %s", (text, expected) => {
    const location = parseLocation(text, "/home");
    expect(location).toBe(expected);
    expect(parseLocation(location, "/elsewhere")).toBe(location);
  });

  test.each(["file://elsewhere/x", "file:///a%2Fb", "file:///50%", "file://", "s3:a/b"])("%s is refused", (text) => {
    expect(() => parseLocation(text, "/home")).toThrow("[FILE_SYSTEM_UNKNOWN]");
  });

  test("that names an unknown file system is refused with the known ones", () => {
    const systems = new FileSystems({ systems: [], directory: "/home" });
    expect(() => systems.parse("hdfs://n/a")).toThrow(
      /FILE_SYSTEM_UNKNOWN.*"hdfs:\/\/n\/a".*"hdfs:".*npm install @millrace\/hdfs/,
    );
  });
});

describe("the parts of a location", () => {
  test.each([
    ["/a/b", "/", "/a", "b"],
    ["/a", "/", "/", "a"],
    ["s3://bucket/a/b", "s3://bucket", "s3://bucket/a", "b"],
    ["s3://bucket/a", "s3://bucket", "s3://bucket", "a"],
    ["box:///a", "box://", "box://", "a"],
  ])("of %s", (text, root, parent, name) => {
    const location = locationFrom(text);
    expect([rootOf(location), parentOf(location), nameIn(location)]).toEqual([root, parent, name]);
    expect(within(parentOf(location), name)).toBe(location);
  });

  test("a root has no name, and is its own parent", () => {
    for (const root of ["/", "s3://bucket", "box://"].map(locationFrom)) {
      expect([nameIn(root), parentOf(root)]).toEqual(["", root]);
    }
  });
});
