import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { type FileEntry, type FileSystem, type Location, nameIn, parentOf, within } from "@millrace/files";
import { blockingCases } from "./blocking-contract.ts";
import { bytesOf, type ContractCase, type FileSystemPlace, fails, textOf } from "./contract-case.ts";

/** Files of a listing that has several pages, wherever a page is short enough to be kept in mind. */
const MANY = 120;

type Check = (files: FileSystem, directory: Location) => Promise<void>;

/**
 * The contract of every file system, case by case, for a test runner of your choice:
 * `for (const { title, run } of fileSystemContract(open)) test(title, run)`.
 *
 * @param open Gives the file system with an empty directory in it, for one case alone.
 */
export function fileSystemContract(open: () => Promise<FileSystemPlace>): readonly ContractCase[] {
  return Object.entries({ ...directories, ...reading, ...writing, ...publishing, ...removing, ...blockingCases }).map(
    ([title, check]) => ({
      title,
      run: async () => {
        const { files, directory, close } = await open();
        try {
          await check(files, directory);
        } finally {
          await close?.();
        }
      },
    }),
  );
}

const put = (files: FileSystem, file: Location, text: string): Promise<void> => files.write(file, [bytesOf(text)]);

async function listed(files: FileSystem, directory: Location): Promise<readonly FileEntry[]> {
  const entries: FileEntry[] = [];
  for await (const page of files.list(directory)) entries.push(...page);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function namesIn(files: FileSystem, directory: Location): Promise<string> {
  return (await listed(files, directory)).map(({ name }) => name).join(" ");
}

const directories: Readonly<Record<string, Check>> = {
  "a directory is created with its parents, once or repeatedly, and is empty": async (files, directory) => {
    const made = within(directory, "a", "b");
    await files.makeDirectory(made);
    await files.makeDirectory(made);
    equal((await files.stat(made))?.kind, "directory");
    equal((await files.stat(parentOf(made)))?.kind, "directory");
    equal(await namesIn(files, made), "");
    equal(await namesIn(files, parentOf(made)), "b");
  },
  "a probe finds what is there, says of what is not that it is FILE_NOT_FOUND, and leaves nothing": async (
    files,
    directory,
  ) => {
    if (files.probe === undefined) return;
    const place = within(directory, "place");
    await put(files, within(place, "file"), "1");
    await files.probe(place, "read");
    await files.probe(within(place, "file"), "read");
    await files.probe(place, "write");
    await files.probe(within(place, "none", "deep"), "write");
    await fails("FILE_NOT_FOUND", files.probe(within(place, "none"), "read"), "none");
    equal(await namesIn(files, place), "file");
  },
  "a listing has the entries of the directory and none below, with kind, size, path and version": async (
    files,
    directory,
  ) => {
    await put(files, within(directory, "b"), "22");
    await put(files, within(directory, "a", "deep"), "1");
    await put(files, within(directory, "Z"), "");
    const entries = await listed(files, directory);
    deepEqual(
      entries.map(({ name, kind, path }) => [name, kind, path]),
      ["Z", "a", "b"].map((name) => [name, name === "a" ? "directory" : "file", within(directory, name)]),
    );
    for (const entry of entries.filter(({ kind }) => kind === "file")) {
      const stat = await files.stat(entry.path);
      deepEqual([entry.bytes, entry.version], [stat?.bytes, stat?.version]);
      ok(entry.modifiedMs > 0, `${entry.path} has no time of its last change`);
    }
  },
  "a listing of many files has each of them once": async (files, directory) => {
    const names = Array.from({ length: MANY }, (_, i) => `part-${String(i).padStart(5, "0")}`);
    await Promise.all(names.map((name) => put(files, within(directory, name), name)));
    equal(await namesIn(files, directory), names.join(" "));
  },
  "a listing of a missing directory is FILE_NOT_FOUND, and of a file FILE_WRONG_KIND": async (files, directory) => {
    await fails("FILE_NOT_FOUND", listed(files, within(directory, "none")), "none");
    const file = within(directory, "file");
    await put(files, file, "1");
    await fails("FILE_WRONG_KIND", listed(files, file), nameIn(file));
  },
  "names may contain any character but a slash": async (files, directory) => {
    const names = ["#1?", "%41", "*", "a b", "{x,y}", "ü", "日本"];
    for (const name of names) await put(files, within(directory, name), name);
    equal(await namesIn(files, directory), [...names].sort().join(" "));
    for (const name of names) equal(textOf(await files.read(within(directory, name))), name);
  },
};

const reading: Readonly<Record<string, Check>> = {
  "stat finds nothing at a missing path, nor below a file": async (files, directory) => {
    await put(files, within(directory, "file"), "1");
    equal(await files.stat(within(directory, "none")), undefined);
    equal(await files.stat(within(directory, "none", "below")), undefined);
    equal(await files.stat(within(directory, "file", "below")), undefined);
    equal(await files.stat(within(directory, "fil")), undefined);
  },
  "a version stays the same until the file is written, and then changes": async (files, directory) => {
    const file = within(directory, "file");
    await put(files, file, "one");
    const before = await files.stat(file);
    equal((await files.stat(file))?.version, before?.version);
    await put(files, file, "other");
    const after = await files.stat(file);
    notEqual(after?.version, before?.version);
    equal(after?.bytes, 5);
  },
  "a file is read whole, or a range of it; beyond its end there is nothing": async (files, directory) => {
    const file = within(directory, "file");
    await put(files, file, "0123456789");
    equal(textOf(await files.read(file)), "0123456789");
    equal(textOf(await files.read(file, { start: 3, end: 6 })), "345");
    equal(textOf(await files.read(file, { start: 8, end: 100 })), "89");
    equal(textOf(await files.read(file, { start: 20, end: 100 })), "");
  },
  "a missing file, or a directory, is not read": async (files, directory) => {
    await files.makeDirectory(within(directory, "d"));
    for (const read of [(file: Location) => files.read(file), (file: Location) => files.open(file)]) {
      await fails("FILE_NOT_FOUND", read(within(directory, "none")), "none");
      await fails("FILE_WRONG_KIND", read(within(directory, "d")), "d");
    }
  },
  "an open file fills the given memory, even if threads share it, and knows its version": async (files, directory) => {
    const file = within(directory, "file");
    await put(files, file, "0123456789");
    const reader = await files.open(file);
    try {
      const target = new Uint8Array(new SharedArrayBuffer(16), 8, 4);
      equal(await reader.read(target, 5), 4);
      equal(textOf(target), "5678");
      equal(await reader.read(target, 8), 2);
      equal(textOf(target.subarray(0, 2)), "89");
      equal(await reader.read(target, 10), 0);
      deepEqual([reader.bytes, reader.path], [10, file]);
      equal(await reader.version(), (await files.stat(file))?.version);
    } finally {
      await reader.close();
    }
  },
  "a file that was rewritten since it was listed has another version when it is opened": async (files, directory) => {
    const file = within(directory, "file");
    await put(files, file, "old content");
    const listedAs = (await files.stat(file))?.version;
    await put(files, file, "new");
    const reader = await files.open(file);
    try {
      notEqual(await reader.version(), listedAs);
    } finally {
      await reader.close();
    }
  },
};

const writing: Readonly<Record<string, Check>> = {
  "write stores all parts in order, creates the directories, and replaces an existing file": async (
    files,
    directory,
  ) => {
    const file = within(directory, "x", "y", "file");
    await files.write(file, [bytesOf("old and longer")]);
    await files.write(file, [bytesOf("ab"), bytesOf(""), bytesOf("cd")]);
    equal(textOf(await files.read(file)), "abcd");
    equal(await namesIn(files, parentOf(file)), "file");
    await files.write(file, []);
    equal((await files.stat(file))?.bytes, 0);
  },
  "a file written by many at once has the content of one of them": async (files, directory) => {
    const file = within(directory, "file");
    const contents = Array.from({ length: 10 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(contents.map((content) => put(files, file, content)));
    ok(contents.includes(textOf(await files.read(file))));
    equal(await namesIn(files, directory), "file");
  },
  "writeNew, if offered: a file is written where nothing is, with its directories, and else nothing changes": async (
    files,
    directory,
  ) => {
    const file = within(directory, "x", "y", "file");
    if (files.writeNew === undefined) return;
    equal(await files.writeNew(file, [bytesOf("ab"), bytesOf("cd")]), true);
    equal(await files.writeNew(file, [bytesOf("other")]), false);
    equal(textOf(await files.read(file)), "abcd");
    equal(await namesIn(files, parentOf(file)), "file");
    await files.write(file, [bytesOf("third")]);
    equal(await files.writeNew(file, []), false);
    equal(textOf(await files.read(file)), "third");
    await files.remove(file);
    equal(await files.writeNew(file, []), true);
  },
  "writeNew, if offered: of many at once for one file, one writes it": async (files, directory) => {
    const file = within(directory, "file");
    const contents = Array.from({ length: 10 }, (_, i) => String(i).repeat(10_000));
    const won = await Promise.all(contents.map((content) => files.writeNew?.(file, [bytesOf(content)])));
    if (files.writeNew === undefined) return;
    equal(won.filter(Boolean).length, 1);
    equal(textOf(await files.read(file)), contents[won.indexOf(true)]);
    equal(await namesIn(files, directory), "file");
  },
  "link, if offered: a file has another name, in a directory that is made, and either may be removed": async (
    files,
    directory,
  ) => {
    if (files.link === undefined) return;
    const [file, name] = [within(directory, "file"), within(directory, "x", "y", "name")];
    await put(files, file, "1");
    await files.link(file, name);
    await fails("FILE_EXISTS", files.link(file, name), "name");
    await files.remove(file);
    equal(textOf(await files.read(name)), "1");
    await fails("FILE_NOT_FOUND", files.link(file, within(directory, "other")), "file");
  },
  "a file is written piece by piece, from memory that is reused": async (files, directory) => {
    const file = within(directory, "file");
    await put(files, file, "old and longer than the new one");
    const writer = await files.create(file);
    const chunk = bytesOf("abc");
    await writer.write(chunk);
    chunk.set(bytesOf("def"));
    await writer.write(chunk);
    equal(writer.bytes, 6);
    const { bytes, token } = await writer.close();
    deepEqual([bytes, typeof token], [6, "string"]);
    equal(textOf(await files.read(file)), "abcdef");
  },
  "a file that is abandoned leaves nothing": async (files, directory) => {
    await put(files, within(directory, "other"), "1");
    const writer = await files.create(within(directory, "file"));
    await writer.write(bytesOf("abc"));
    await writer.abandon();
    equal(await namesIn(files, directory), "other");
  },
};

const publishing: Readonly<Record<string, Check>> = {
  "a staged file replaces an existing one when it is published": async (files, directory) => {
    const [staged, target] = [within(directory, ".staged"), within(directory, "file")];
    await put(files, target, "old");
    await put(files, staged, "new");
    await files.publish(staged, target);
    equal(textOf(await files.read(target)), "new");
    equal(await namesIn(files, directory), "file");
  },
  "a staged directory is published with all its content": async (files, directory) => {
    const [staged, target] = [within(directory, ".staged"), within(directory, "out")];
    for (const name of ["part-00000", "part-00001", "_SUCCESS"]) await put(files, within(staged, name), name);
    await put(files, within(staged, "deep", "er"), "deeper");
    await files.publish(staged, target);
    equal(await namesIn(files, directory), "out");
    equal(await namesIn(files, target), "_SUCCESS deep part-00000 part-00001");
    equal(textOf(await files.read(within(target, "deep", "er"))), "deeper");
  },
  "a non-empty directory is not published over, and neither directory is changed": async (files, directory) => {
    const [staged, target] = [within(directory, ".staged"), within(directory, "out")];
    await put(files, within(staged, "new"), "new");
    await put(files, within(target, "old"), "old");
    await fails("FILE_EXISTS", files.publish(staged, target), "out");
    deepEqual([await namesIn(files, staged), await namesIn(files, target)], ["new", "old"]);
  },
  "publishing a missing path fails": async (files, directory) => {
    await fails("FILE_NOT_FOUND", files.publish(within(directory, ".staged"), within(directory, "out")), ".staged");
  },
};

const removing: Readonly<Record<string, Check>> = {
  "removing takes all content and nothing else; removing a missing path is no error": async (files, directory) => {
    for (const name of ["a", "ab"]) await put(files, within(directory, name, "x", "file"), name);
    await put(files, within(directory, "file"), "1");
    await files.remove(within(directory, "a"));
    await files.remove(within(directory, "a"));
    await files.remove(within(directory, "none", "below"));
    equal(await namesIn(files, directory), "ab file");
    await files.remove(within(directory, "file"));
    equal(await namesIn(files, directory), "ab");
    match(textOf(await files.read(within(directory, "ab", "x", "file"))), /^ab$/);
  },
};
