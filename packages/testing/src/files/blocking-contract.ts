import { deepEqual, equal, throws } from "node:assert/strict";
import { type BlockingFiles, entriesOf, type FileSystem, type Location, within } from "@millrace/files";
import { bytesOf, textOf } from "./contract-case.ts";

type Check = (blocking: BlockingFiles, files: FileSystem, directory: Location) => Promise<void>;

const ifBlocking =
  (check: Check) =>
  async (files: FileSystem, directory: Location): Promise<void> => {
    if (files.blocking !== undefined) await check(files.blocking, files, directory);
  };

/** The contract of blocking calls, for a file system that offers them. */
export const blockingCases: Readonly<Record<string, (files: FileSystem, directory: Location) => Promise<void>>> = {
  "blocking, if offered: a file is read as without it": ifBlocking(async (blocking, files, directory) => {
    const file = within(directory, "file");
    await files.write(file, [bytesOf("0123456789")]);
    const reader = blocking.open(file);
    try {
      const target = new Uint8Array(4);
      equal(reader.read(target, 5), 4);
      equal(textOf(target), "5678");
      equal(reader.read(target, 10), 0);
      equal(reader.version(), (await files.stat(file))?.version);
    } finally {
      reader.close();
    }
    throws(() => blocking.open(within(directory, "none")), { code: "FILE_NOT_FOUND" });
  }),
  "blocking, if offered: a file is written, or abandoned, as without it": ifBlocking(
    async (blocking, files, directory) => {
      const writer = blocking.create(within(directory, "file"));
      writer.write(bytesOf("ab"));
      writer.write(bytesOf("cd"));
      const { bytes, token } = writer.close();
      deepEqual([bytes, token], [4, (await files.stat(within(directory, "file")))?.version]);
      equal(textOf(await files.read(within(directory, "file"))), "abcd");
      blocking.create(within(directory, "other")).abandon();
      equal(await files.stat(within(directory, "other")), undefined);
      throws(() => blocking.create(within(directory, "none", "file")), { code: "FILE_NOT_FOUND" });
    },
  ),
  "blocking, if offered: a whole file is replaced, with the directories that are missing": ifBlocking(
    async (blocking, files, directory) => {
      if (blocking.write === undefined) return;
      const file = within(directory, "new", "deep", "file");
      for (const [text, ...more] of [["a"], ["bc", "d"]]) {
        blocking.write(file, [text ?? "", ...more].map(bytesOf));
        equal(textOf(await files.read(file)), [text, ...more].join(""));
      }
      equal((await entriesOf(files, within(directory, "new", "deep")))?.length, 1);
      const taken = within(directory, "new");
      throws(() => blocking.write?.(taken, [bytesOf("x")]), { code: "FILE_WRONG_KIND" });
    },
  ),
};
