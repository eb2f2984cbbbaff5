import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileEntry, type Location, locationFrom, parentOf, within } from "@millrace/files";
import { afterAll, describe, expect, test } from "vitest";
import { LocalFileSystem } from "./local.ts";

const root = locationFrom(mkdtempSync(join(tmpdir(), "millrace-files-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
/** A new directory with `content`, by name. */
function directory(content: Readonly<Record<string, string>> = {}): Location {
  const path = within(root, String(count++));
  mkdirSync(path);
  for (const [name, text] of Object.entries(content)) writeFileSync(within(path, name), text);
  return path;
}

/** Runs `action` as a user bound by file modes, which root is not. */
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

/** All entries, by name. */
async function entriesIn(path: Location): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = [];
  for await (const page of files.list(path)) entries.push(...page);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

describe("a listing", () => {
  test("has every entry by name, with kind and size", async () => {
    const path = directory({ b: "22", a: "1", Z: "" });
    mkdirSync(within(path, "c"));
    const entries = await entriesIn(path);
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ["Z", "file"],
      ["a", "file"],
      ["b", "file"],
      ["c", "directory"],
    ]);
    expect(entries[2]).toMatchObject({ path: within(path, "b"), bytes: 2 });
    expect(entries[1]?.modifiedMs).toBeGreaterThan(0);
  });

  test("has dangling links", async () => {
    const path = directory({ a: "1" });
    symlinkSync(within(path, "nowhere"), within(path, "b"));
    expect((await entriesIn(path)).map(({ name, kind }) => [name, kind])).toEqual([
      ["a", "file"],
      ["b", "dangling"],
    ]);
  });

  test("has entries that the system cannot examine, with the reason, along with the others", async () => {
    const path = directory({ a: "1" });
    symlinkSync("loop", within(path, "loop"));
    symlinkSync("n".repeat(300), within(path, "long"));
    const locked = directory({ there: "1" });
    symlinkSync(within(locked, "there"), within(path, "locked"));
    chmodSync(root, 0o755); // so that only `locked` keeps an unprivileged user out
    chmodSync(locked, 0o600);
    await unprivileged(async () => {
      const entries = await entriesIn(path);
      expect(entries.map(({ name, kind, problem }) => [name, kind, problem])).toEqual([
        ["a", "file", undefined],
        ["locked", "unreachable", "EACCES"],
        ["long", "unreachable", "ENAMETOOLONG"],
        ["loop", "unreachable", "ELOOP"],
      ]);
    });
  });

  test("of a directory that may not be searched is FILE_FORBIDDEN, not a listing of entries that cannot be examined", async () => {
    const path = directory({ a: "1" });
    chmodSync(root, 0o755);
    chmodSync(path, 0o644);
    await unprivileged(() => expect(entriesIn(path)).rejects.toMatchObject({ code: "FILE_FORBIDDEN" }));
  });

  test("of many files is complete", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `part-${String(i).padStart(5, "0")}`);
    const path = directory(Object.fromEntries(names.map((name) => [name, name])));
    expect((await entriesIn(path)).map(({ name }) => name)).toEqual(names);
  });

  test("of a missing directory is FILE_NOT_FOUND with the path", async () => {
    const path = within(root, "none");
    await expect(entriesIn(path)).rejects.toMatchObject({ code: "FILE_NOT_FOUND", fields: { path } });
  });

  test("of a file is FILE_WRONG_KIND", async () => {
    const path = directory({ a: "1" });
    await expect(entriesIn(within(path, "a"))).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
  });
});

describe("reading", () => {
  test("returns the whole file, or a range of it", async () => {
    const path = within(directory({ a: "0123456789" }), "a");
    expect(text(await files.read(path))).toBe("0123456789");
    expect(text(await files.read(path, { start: 3, end: 6 }))).toBe("345");
  });

  test("a range beyond the end returns what exists", async () => {
    const path = within(directory({ a: "0123" }), "a");
    expect(text(await files.read(path, { start: 2, end: 100 }))).toBe("23");
    expect(text(await files.read(path, { start: 9, end: 100 }))).toBe("");
  });

  test("through an open file fills the given memory, even if threads share it", async () => {
    const reader = await files.open(within(directory({ a: "0123456789" }), "a"));
    const target = new Uint8Array(new SharedArrayBuffer(16), 8, 4);
    expect(await reader.read(target, 5)).toBe(4);
    expect(text(target)).toBe("5678");
    expect(await reader.read(target, 8)).toBe(2);
    expect(await reader.read(target, 10)).toBe(0);
    expect(reader.bytes).toBe(10);
    await reader.close();
  });

  test("a missing file is FILE_NOT_FOUND, which is not retried", async () => {
    await expect(files.read(within(root, "none"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND", retry: "never" });
  });

  test("a directory is FILE_WRONG_KIND", async () => {
    await expect(files.read(directory())).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
  });

  test("a file without read permission is FILE_FORBIDDEN", async () => {
    const path = within(directory({ a: "1" }), "a");
    chmodSync(path, 0);
    await unprivileged(() => expect(files.read(path)).rejects.toMatchObject({ code: "FILE_FORBIDDEN" }));
  });
});

describe("the target of a path", () => {
  test("does not exist if a part of the path is missing or is a file", async () => {
    const path = directory({ a: "1" });
    expect(await files.stat(within(path, "b", "c"))).toBeUndefined();
    expect(await files.stat(within(path, "a", "c"))).toBeUndefined();
    expect(await files.stat(within(path, "a"))).toMatchObject({ kind: "file", bytes: 1 });
  });
});

describe("a file that is written", () => {
  test("has all parts in order, and its directories are made", async () => {
    const path = within(directory(), "x", "y", "file");
    await files.write(path, [bytes("ab"), bytes(""), bytes("cd")]);
    expect(readFileSync(path, "utf8")).toBe("abcd");
  });

  test("replaces the old one and leaves no temporary file", async () => {
    const path = directory({ file: "old and longer" });
    await files.write(within(path, "file"), [bytes("new")]);
    expect(readFileSync(within(path, "file"), "utf8")).toBe("new");
    expect(readdirSync(path)).toEqual(["file"]);
  });

  test("leaves only the old one, unchanged, when it fails", async () => {
    const path = directory();
    mkdirSync(within(path, "taken"));
    writeFileSync(within(path, "taken", "content"), "1");
    await expect(files.write(within(path, "taken"), [bytes("new")])).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
    expect(readdirSync(path)).toEqual(["taken"]);
  });

  test("by many writers at once has the content of one of them", async () => {
    const path = within(directory(), "file");
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(contents.map((content) => files.write(path, [bytes(content)])));
    expect(contents).toContain(readFileSync(path, "utf8"));
  });
});

test("a file written piece by piece has all of them", async () => {
  const path = within(directory(), "new", "part-00000");
  await files.makeDirectory(parentOf(path));
  const writer = await files.create(path);
  await writer.write(bytes("ab"));
  await writer.write(bytes("cd"));
  expect(writer.bytes).toBe(4);
  await writer.close();
  expect(readFileSync(path, "utf8")).toBe("abcd");
});

test("while a file is written, nothing but hidden names is to be seen in its directory", async () => {
  const path = directory();
  const seen = new Set<string>();
  const watcher = watch(path);
  const whole = new Promise<void>((resolve) => {
    watcher.on("change", (_, name) => {
      seen.add(String(name));
      if (name === "a") resolve();
    });
  });
  await files.write(within(path, "a"), [bytes("whole")]);
  await whole;
  watcher.close();
  expect([...seen].filter((name) => !name.startsWith("."))).toEqual(["a"]);
  expect(seen.size).toBeGreaterThan(1);
});

describe("moving and removing", () => {
  test("a directory moves with its content", async () => {
    const path = directory({ a: "1" });
    await files.publish(path, locationFrom(`${path}-moved`));
    expect(readdirSync(`${path}-moved`)).toEqual(["a"]);
  });

  test("a directory that holds something is not replaced", async () => {
    const from = directory({ a: "1" });
    await expect(files.publish(from, directory({ b: "2" }))).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(readdirSync(from)).toEqual(["a"]);
  });

  test("removing a directory removes its content; removing nothing is no error", async () => {
    const path = directory();
    await files.makeDirectory(within(path, "x", "y"));
    await files.makeDirectory(within(path, "x", "y"));
    await files.remove(within(path, "x"));
    await files.remove(within(path, "x"));
    expect(readdirSync(path)).toEqual([]);
  });
});

describe("a directory that cannot be made", () => {
  test("because a file has its name is FILE_EXISTS, or FILE_WRONG_KIND further down", async () => {
    const path = within(directory({ a: "1" }), "a");
    await expect(files.makeDirectory(path)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    await expect(files.makeDirectory(within(path, "b"))).rejects.toMatchObject({ code: "FILE_WRONG_KIND" });
  });

  test.runIf(process.platform === "linux")("below /proc, where nothing can be created, is an error", async () => {
    await expect(files.makeDirectory(locationFrom("/proc/none/below"))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
  });
});

test.runIf(process.platform === "linux")(
  "a name that is not UTF-8 is listed as one to which no path leads",
  async () => {
    const path = directory({ a: "1" });
    writeFileSync(Buffer.concat([Buffer.from(`${path}/`), Buffer.from([0xff, 0xfe])]), "");
    const entries = await entriesIn(path);
    expect(entries.map(({ name, kind }) => [name, kind])).toEqual([
      ["a", "file"],
      ["\ufffd\ufffd", "unnameable"],
    ]);
  },
);
