import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { LocalFileSystem } from "./local.ts";
import { FileSystems, localPath, schemeOf } from "./locations.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** A new directory that holds `content`, by name. */
function directory(content: Readonly<Record<string, string>> = {}): string {
  const path = join(root, String(count++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(content)) writeFileSync(join(path, name), text);
  return path;
}

/** Does it as a user who is bound by the modes of files, which root is not. */
async function unprivileged(action: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return action();
  process.seteuid?.("nobody");
  try {
    await action();
  } finally {
    process.seteuid?.(0);
  }
}

const files = new LocalFileSystem();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);

describe("a listing", () => {
  test("has every entry by name, with kind and size", async () => {
    const path = directory({ b: "22", a: "1", Z: "" });
    mkdirSync(join(path, "c"));
    const entries = await files.list(path);
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ["Z", "file"],
      ["a", "file"],
      ["b", "file"],
      ["c", "directory"],
    ]);
    expect(entries[2]).toMatchObject({ path: join(path, "b"), bytes: 2 });
    expect(entries[1]?.modifiedMs).toBeGreaterThan(0);
  });

  test("has links that lead nowhere", async () => {
    const path = directory({ a: "1" });
    symlinkSync(join(path, "nowhere"), join(path, "b"));
    expect((await files.list(path)).map(({ name, kind }) => [name, kind])).toEqual([
      ["a", "file"],
      ["b", "dangling"],
    ]);
  });

  test("has entries that the system cannot look at, with its reason, beside the others", async () => {
    const path = directory({ a: "1" });
    symlinkSync("loop", join(path, "loop"));
    symlinkSync("n".repeat(300), join(path, "long"));
    const locked = directory({ there: "1" });
    symlinkSync(join(locked, "there"), join(path, "locked"));
    chmodSync(root, 0o755); // so that only `locked` keeps an unprivileged user out
    chmodSync(locked, 0o600);
    await unprivileged(async () => {
      const entries = await files.list(path);
      expect(entries.map(({ name, kind, problem }) => [name, kind, problem])).toEqual([
        ["a", "file", undefined],
        ["locked", "unreachable", "EACCES"],
        ["long", "unreachable", "ENAMETOOLONG"],
        ["loop", "unreachable", "ELOOP"],
      ]);
    });
  });

  test("of a directory that may not be searched is FILE_FORBIDDEN, not a listing of what cannot be looked at", async () => {
    const path = directory({ a: "1" });
    chmodSync(root, 0o755);
    chmodSync(path, 0o644);
    await unprivileged(() => expect(files.list(path)).rejects.toMatchObject({ code: "FILE_FORBIDDEN" }));
  });

  test("of many files is complete", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `part-${String(i).padStart(5, "0")}`);
    const path = directory(Object.fromEntries(names.map((name) => [name, name])));
    expect((await files.list(path)).map(({ name }) => name)).toEqual(names);
  });

  test("of a directory that is not there is FILE_NOT_FOUND with the path", async () => {
    const path = join(root, "none");
    await expect(files.list(path)).rejects.toMatchObject({ code: "FILE_NOT_FOUND", fields: { path } });
  });

  test("of a file is FILE_WRONG_KIND", async () => {
    const path = directory({ a: "1" });
    await expect(files.list(join(path, "a"))).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
  });
});

describe("reading", () => {
  test("gives the whole file, or a range of it", async () => {
    const path = join(directory({ a: "0123456789" }), "a");
    expect(text(await files.read(path))).toBe("0123456789");
    expect(text(await files.read(path, { start: 3, end: 6 }))).toBe("345");
  });

  test("a range past the end gives what there is", async () => {
    const path = join(directory({ a: "0123" }), "a");
    expect(text(await files.read(path, { start: 2, end: 100 }))).toBe("23");
    expect(text(await files.read(path, { start: 9, end: 100 }))).toBe("");
  });

  test("through an open file fills what is given, also memory that threads share", async () => {
    const reader = await files.open(join(directory({ a: "0123456789" }), "a"));
    const target = new Uint8Array(new SharedArrayBuffer(16), 8, 4);
    expect(await reader.read(target, 5)).toBe(4);
    expect(text(target)).toBe("5678");
    expect(await reader.read(target, 8)).toBe(2);
    expect(await reader.read(target, 10)).toBe(0);
    expect(reader.bytes).toBe(10);
    await reader.close();
  });

  test("a file that is not there is FILE_NOT_FOUND, worth no retry", async () => {
    await expect(files.read(join(root, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND", retry: "never" });
  });

  test("a directory is FILE_WRONG_KIND", async () => {
    await expect(files.read(directory())).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
  });

  test("a file one may not read is FILE_FORBIDDEN", async () => {
    const path = join(directory({ a: "1" }), "a");
    chmodSync(path, 0);
    await unprivileged(() => expect(files.read(path)).rejects.toMatchObject({ code: "FILE_FORBIDDEN" }));
  });
});

describe("what is at a path", () => {
  test("is nothing, when a part of the path is missing or a file", async () => {
    const path = directory({ a: "1" });
    expect(await files.stat(join(path, "b", "c"))).toBeUndefined();
    expect(await files.stat(join(path, "a", "c"))).toBeUndefined();
    expect(await files.stat(join(path, "a"))).toMatchObject({ kind: "file", bytes: 1 });
  });
});

describe("a file put in place", () => {
  test("has all parts in order, and its directories are made", async () => {
    const path = join(directory(), "x", "y", "file");
    await files.write(path, [bytes("ab"), bytes(""), bytes("cd")], { sync: true });
    expect(readFileSync(path, "utf8")).toBe("abcd");
  });

  test("replaces the old one and leaves no other behind", async () => {
    const path = directory({ file: "old and longer" });
    await files.write(join(path, "file"), [bytes("new")]);
    expect(readFileSync(join(path, "file"), "utf8")).toBe("new");
    expect(readdirSync(path)).toEqual(["file"]);
  });

  test("leaves the old one as it was, and nothing else, when it fails", async () => {
    const path = directory();
    mkdirSync(join(path, "taken"));
    writeFileSync(join(path, "taken", "content"), "1");
    await expect(files.write(join(path, "taken"), [bytes("new")])).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
    expect(readdirSync(path)).toEqual(["taken"]);
  });

  test("by many writers at once is that of one of them", async () => {
    const path = join(directory(), "file");
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(contents.map((content) => files.write(path, [bytes(content)])));
    expect(contents).toContain(readFileSync(path, "utf8"));
  });
});

test("a file written piece by piece has all of them", async () => {
  const path = join(directory(), "new", "part-00000");
  const writer = await files.create(path);
  await writer.write(bytes("ab"));
  await writer.write(bytes("cd"));
  expect(writer.bytes).toBe(4);
  await writer.close({ sync: true });
  expect(readFileSync(path, "utf8")).toBe("abcd");
});

describe("moving and removing", () => {
  test("a directory moves with all it holds", async () => {
    const path = directory({ a: "1" });
    await files.rename(path, `${path}-moved`);
    expect(readdirSync(`${path}-moved`)).toEqual(["a"]);
  });

  test("a directory that holds something is not replaced", async () => {
    const from = directory({ a: "1" });
    await expect(files.rename(from, directory({ b: "2" }))).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(readdirSync(from)).toEqual(["a"]);
  });

  test("removing takes all below; what is not there may be removed", async () => {
    const path = directory();
    await files.mkdir(join(path, "x", "y"));
    await files.mkdir(join(path, "x", "y"));
    await files.remove(join(path, "x"));
    await files.remove(join(path, "x"));
    expect(readdirSync(path)).toEqual([]);
  });
});

describe("a directory that cannot be made", () => {
  test("because a file is in its way is FILE_EXISTS, or FILE_WRONG_KIND further down", async () => {
    const path = join(directory({ a: "1" }), "a");
    await expect(files.mkdir(path)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    await expect(files.mkdir(join(path, "b"))).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
  });

  test.runIf(process.platform === "linux")("below /proc, where nothing can be, is an error", async () => {
    await expect(files.mkdir("/proc/none/below")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});

test.runIf(process.platform === "linux")(
  "a name that is not UTF-8 is listed as one to which no path leads",
  async () => {
    const path = directory({ a: "1" });
    writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0xfe])]), "");
    const entries = await files.list(path);
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ["a", "file"],
      ["\ufffd\ufffd", "unnameable"],
    ]);
  },
);

describe("the scheme of a path", () => {
  test.each([
    ["/a/b", "file"],
    ["a/b", "file"],
    ["file:/a", "file"],
    ["S3://bucket/a", "s3"],
    ["C:\\a", "file"],
    ["./a:b", "file"],
  ])("of %s is %s", (path, scheme) => expect(schemeOf(path)).toBe(scheme));

  test("file: stands for the machine's own paths", () => {
    expect(localPath(pathToFileURL("/a b/ü").href)).toBe("/a b/ü");
    expect(localPath("file:/a")).toBe("/a");
    expect(localPath("file:a")).toBe("a");
  });

  test("that is not installed is named, with those that are", () => {
    const systems = new FileSystems([files]);
    expect(systems.for("out/a")).toBe(files);
    expect(() => systems.for("hdfs://n/a")).toThrow(/FILE_SYSTEM_UNKNOWN.*"hdfs:".*Known: file:/);
    expect(() => localPath("s3://b/a")).toThrow("FILE_SYSTEM_UNKNOWN");
    expect(() => localPath("file://elsewhere/a")).toThrow("FILE_SYSTEM_UNKNOWN");
  });
});
