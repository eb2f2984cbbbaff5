import { describe, expect, test } from "vitest";
import type { FileEntry } from "../engine-port.ts";
import { GraphLab } from "../graph-lab.ts";
import { rangesOf } from "./file-ranges.ts";
import { NewFiles } from "./file-stream.ts";

const file = (path: string, modifiedMs: number): FileEntry => ({ path, kind: "file", bytes: 10, modifiedMs });
const MB = 1024 * 1024;

describe("the new files of a batch", () => {
  const files = () => new NewFiles({ startMs: 10_000, batchIntervalMs: 1000 });
  const paths = (entries: readonly FileEntry[]) => entries.map((entry) => entry.path);

  test("are those modified after the start and up to the batch's time, each once, oldest first", () => {
    const seen = files();
    const listing = [file("/d/b", 11_500), file("/d/a", 11_500), file("/d/old", 10_000), file("/d/later", 12_001)];
    expect(paths(seen.choose(listing, 12_000))).toEqual(["/d/a", "/d/b"]);
    expect(paths(seen.choose(listing, 13_000))).toEqual(["/d/later"]);
    expect(paths(seen.choose(listing, 14_000))).toEqual([]);
  });

  test("are neither hidden nor directories", () => {
    const listing: FileEntry[] = [file("/d/.part", 11_000), { ...file("/d/sub", 11_000), kind: "directory" }];
    expect(files().choose(listing, 12_000)).toEqual([]);
  });

  test("are not older than a minute, so that what was seen can be forgotten", () => {
    const seen = files();
    expect(paths(seen.choose([file("/d/a", 20_000)], 20_000))).toEqual(["/d/a"]);
    expect(paths(seen.choose([file("/d/a", 20_000), file("/d/b", 20_000)], 80_000))).toEqual([]);
    expect(paths(seen.choose([file("/d/a", 20_000)], 90_000))).toEqual([]);
  });
});

describe("ranges of files", () => {
  test("are about as many as partitions, in order, without gaps", () => {
    const ranges = rangesOf([{ path: "/a", bytes: 10 * MB }], 4);
    expect(ranges.map((range) => range.kind === "file" && [range.start, range.end])).toEqual([
      [0, 2.5 * MB],
      [2.5 * MB, 5 * MB],
      [5 * MB, 7.5 * MB],
      [7.5 * MB, 10 * MB],
    ]);
  });

  test("are one for a small file, none for an empty one, and bounded for a huge one", () => {
    expect(
      rangesOf(
        [
          { path: "/a", bytes: 10 },
          { path: "/b", bytes: 0 },
        ],
        4,
      ),
    ).toEqual([{ kind: "file", path: "/a", start: 0, end: 10 }]);
    expect(rangesOf([{ path: "/a", bytes: 640 * MB }], 2)).toHaveLength(10);
  });
});

describe("textFileStream", () => {
  test("reads what was moved in, and nothing from a batch without", async () => {
    const lab = await GraphLab.build((ssc) => ssc.textFileStream("in").print());
    const { files } = lab.port;
    files.directory("/home/in");
    files.add("/home/in/a", { bytes: 7, modifiedMs: 900 });
    expect(await lab.plansOf(1000)).toContain("/home/in/a 0..7");
    expect(await lab.plansOf(2000)).toBe("");
  });

  test("warns of a directory that is not there, once, and of a file that vanished", async () => {
    const lab = await GraphLab.build((ssc) => ssc.textFileStream("/in").print());
    const { files } = lab.port;
    await lab.plansOf(1000);
    await lab.plansOf(2000);
    expect(lab.port.warnings).toEqual([expect.stringContaining("the directory /in does not exist")]);
    files.directory("/in");
    files.list = async () => [file("/in/gone", 2500)];
    await lab.plansOf(3000);
    expect(lab.port.warnings[1]).toMatch(/the file \/in\/gone was listed for batch 3000 and has vanished/);
  });
});

describe("textFile", () => {
  const read = (path: string) =>
    GraphLab.build((ssc) =>
      ssc
        .socketTextStream("h", 1)
        .transform(() => ssc.textFile(path))
        .print(),
    );

  test("reads a file, or the data files of a directory by name", async () => {
    const lab = await read("/data");
    lab.port.files.directory("/data");
    for (const name of ["_SUCCESS", ".crc", "part-1", "part-0"]) lab.port.files.add(`/data/${name}`, { bytes: 3 });
    await lab.batch(1000);
    const tasks = lab.port.plans[0]?.stages[0]?.tasks ?? [];
    expect(tasks.map((task) => task.inputs[0])).toMatchObject([{ path: "/data/part-0" }, { path: "/data/part-1" }]);
  });

  test("says when nothing is there", async () => {
    const { error } = await (await read("/none")).batch(1000);
    expect(error?.message).toMatch(/INPUT_MISSING\] there is no file or directory \/none/);
  });
});
