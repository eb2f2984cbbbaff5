import { millis } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import { rangesOf } from "./file-ranges.ts";

const MB = 1024 * 1024;
const version = "v";

async function labOf(build: (ssc: StreamingContext) => unknown, options?: Parameters<typeof GraphLab.build>[1]) {
  const lab = await GraphLab.build(build, options);
  const { memory: files } = lab.port;
  /** The input of a batch: `/in/a 0..7`. */
  const reads = async (time: number): Promise<string[]> => {
    const { error } = await lab.batch(time);
    if (error !== undefined) throw error;
    const tasks = lab.port.plans.splice(0).flatMap((plan) => plan.stages.flatMap((stage) => stage.tasks));
    return tasks.flatMap((task) =>
      task.inputs.map((input) => (input.kind === "file" ? `${input.path} ${input.start}..${input.end}` : input.kind)),
    );
  };
  return { files, reads, port: lab.port };
}

describe("ranges of files", () => {
  test("are about as many as partitions, in order, without gaps", () => {
    const ranges = rangesOf([{ path: locationFrom("/a"), bytes: 10 * MB, version }], { partitions: 4 });
    expect(ranges.map((range) => range.kind === "file" && [range.start, range.end])).toEqual([
      [0, 2.5 * MB],
      [2.5 * MB, 5 * MB],
      [5 * MB, 7.5 * MB],
      [7.5 * MB, 10 * MB],
    ]);
  });

  test("are one for a small file, unless it is to be cut, none for an empty one, and bounded for a huge one", () => {
    const small = [
      { path: locationFrom("/a"), bytes: 10, version },
      { path: locationFrom("/b"), bytes: 0, version },
    ];
    const whole = { kind: "file", path: locationFrom("/a"), start: 0, end: 10, version };
    expect(rangesOf(small, { partitions: 4, leastBytes: MB })).toEqual([whole]);
    expect(rangesOf(small, { partitions: 2 })).toEqual([
      { ...whole, end: 5 },
      { ...whole, start: 5 },
    ]);
    expect(rangesOf(small, { partitions: 100 })).toHaveLength(10);
    expect(rangesOf([{ path: locationFrom("/a"), bytes: 640 * MB, version }], { partitions: 2 })).toHaveLength(10);
  });

  test("begin where a record does", () => {
    const unit = 3 * MB + 1;
    const ranges = rangesOf([{ path: locationFrom("/a"), bytes: 5 * unit, version }], {
      partitions: 4,
      unitBytes: unit,
    });
    expect(ranges.map((range) => range.kind === "file" && range.start / unit)).toEqual([0, 1, 2, 3]);
    expect(ranges.at(-1)).toMatchObject({ end: 5 * unit });
    expect(
      rangesOf([{ path: locationFrom("/a"), bytes: 2 * unit, version }], { partitions: 8, unitBytes: unit }),
    ).toHaveLength(2);
  });

  test("are never cut of files that are read whole", () => {
    const cutting = { partitions: 8, unitBytes: Number.POSITIVE_INFINITY };
    expect(rangesOf([{ path: locationFrom("/a"), bytes: 640 * MB, version }], cutting)).toHaveLength(1);
    expect(rangesOf([{ path: locationFrom("/a"), bytes: 0, version }], cutting)).toEqual([]);
  });
});

describe("textFileStream", () => {
  test("reads the files that were moved in, and nothing in a batch without any", async () => {
    const { files, reads } = await labOf((ssc) => ssc.textFileStream("in").print());
    files.directory("/home/in");
    files.add("/home/in/a", { bytes: 7, modifiedMs: 900 });
    expect(await reads(1000)).toEqual(["/home/in/a 0..7"]);
    expect(await reads(2000)).toEqual([]);
  });

  test("reads the directories that match, even those created later, but not their subdirectories (FS-1)", async () => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/logs/*/{web,mail}").print());
    files.directory("/logs");
    expect(await reads(1000)).toEqual([]);
    expect(port.warnings).toEqual([expect.stringContaining("no directory matches /logs/*/{web,mail}")]);
    for (const place of ["mon", "mon/web", "mon/web/deeper", "tue", "tue/mail", "tue/other"]) {
      files.directory(`/logs/${place}`);
    }
    for (const place of ["mon/web/a", "mon/web/deeper/b", "tue/mail/c", "tue/other/d", "tue/web"]) {
      files.add(`/logs/${place}`, { modifiedMs: 1500 });
    }
    expect(await reads(2000)).toEqual(["/logs/mon/web/a 0..1", "/logs/tue/mail/c 0..1"]);
  });

  test("warns of a missing directory, once each time that it vanishes, and continues (FS-5)", async () => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/in").print());
    for (const time of [1000, 2000]) expect(await reads(time)).toEqual([]);
    const missing = "[DIRECTORY_MISSING] textFileStream /in: the directory /in does not exist.";
    expect(port.warnings).toEqual([expect.stringContaining(missing)]);
    const subject = "textFileStream /in";
    expect(port.standing.get(subject)).toMatchObject({ code: "DIRECTORY_MISSING", subject, lasting: true });
    files.directory("/in");
    await reads(3000);
    expect([...port.standing]).toEqual([]);
    files.entries.delete("/in");
    await reads(4000);
    expect(port.warnings).toHaveLength(2);
  });

  test.each([
    ["file", "is a file, not a directory"],
    ["other", "is a socket, device or pipe, not a directory"],
    ["dangling", "the directory /in does not exist"],
  ] as const)("says that where its directory should be is one of kind %s", async (kind, text) => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/in").print());
    files.add("/in", { kind, modifiedMs: 500 });
    expect(await reads(1000)).toEqual([]);
    expect(port.warnings).toEqual([expect.stringContaining(text)]);
    files.directory("/in");
    await reads(2000);
    expect([...port.standing]).toEqual([]);
  });

  test("warns of a listing that takes longer than a batch (FS-5)", async () => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/in").print());
    files.directory("/in");
    const list = files.list.bind(files);
    files.list = (directory) => {
      port.clock.advance(millis(1001));
      return list(directory);
    };
    for (const time of [1000, 2000]) await reads(time);
    expect(port.warnings).toEqual([expect.stringMatching(/listing \/in for batch 1000 took 1001 ms, longer than/)]);
    expect([...port.standing.values()]).toMatchObject([{ code: "LISTING_SLOW", lasting: true }]);
    files.list = list;
    await reads(3000);
    expect([...port.standing]).toEqual([]);
  });

  test("warns of listings that are slow now and then three times in ten minutes, and holds on to it meanwhile (FS-5)", async () => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/in").print());
    files.directory("/in");
    const list = files.list.bind(files);
    let batch = 0;
    files.list = (directory) => {
      port.clock.advance(millis(batch++ % 2 === 0 ? 1001 : 100));
      return list(directory);
    };
    for (let time = 1000; port.clock.now() < 590_000; time += 1000) await reads(time);
    expect(port.warnings).toHaveLength(3);
    expect([...port.standing.values()]).toMatchObject([{ code: "LISTING_SLOW" }]);
  });

  test("reads what came since the job was built, however long the job then waited for executors", async () => {
    const later = { zeroTime: 600_000 };
    const { files, reads } = await labOf((ssc) => ssc.textFileStream("/in").print(), later);
    files.directory("/in");
    files.add("/in/a", { modifiedMs: 1 });
    files.add("/in/b", { modifiedMs: 600_500 });
    expect(await reads(601_000)).toEqual(["/in/a 0..1", "/in/b 0..1"]);
    files.add("/in/c", { modifiedMs: 2 }); // from now on, the time remembered counts
    expect(await reads(602_000)).toEqual([]);
    const old = (ssc: StreamingContext) => ssc.fileStream("/in", { newFilesOnly: false }).print();
    const all = await labOf(old, later);
    all.files.directory("/in");
    all.files.add("/in/old", { modifiedMs: -60_000 });
    all.files.add("/in/recent", { modifiedMs: -59_999 });
    expect(await all.reads(601_000)).toEqual(["/in/recent 0..1"]);
  });

  test("warns of a file that is left alone, once", async () => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/in").print());
    files.directory("/in");
    files.add("/in/moved-in", { modifiedMs: -5 });
    for (const time of [1000, 2000]) expect(await reads(time)).toEqual([]);
    expect(port.warnings).toEqual([
      expect.stringMatching(
        /^\[FILES_LEFT_ALONE\] textFileStream \/in: the file \/in\/moved-in is ignored: .* Touch files .*newFilesOnly: false\.$/,
      ),
    ]);
    const subject = "textFileStream /in, batch 1000, old";
    expect([...port.standing.values()]).toMatchObject([{ code: "FILES_LEFT_ALONE", subject, lasting: false }]);
  });

  test("warns of a directory that cannot be listed", async () => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/in").print());
    files.directory("/in");
    const list = files.list.bind(files);
    files.list = () => {
      throw new Error("EACCES");
    };
    for (const time of [1000, 2000]) expect(await reads(time)).toEqual([]);
    expect(port.warnings).toEqual([expect.stringMatching(/cannot be listed: EACCES\. Batch 1000 reads nothing/)]);
    expect([...port.standing.values()]).toMatchObject([{ code: "DIRECTORY_UNLISTABLE", lasting: true }]);
    files.list = list;
    await reads(3000);
    expect([...port.standing]).toEqual([]);
  });

  test("names the files of a batch that have nothing in them (FS-4)", async () => {
    const { files, reads, port } = await labOf((ssc) => ssc.textFileStream("/in").print());
    files.directory("/in");
    for (const name of ["a", "b", "c", "d", "e", "f"]) files.add(`/in/${name}`, { bytes: 0, modifiedMs: 500 });
    expect(await reads(1000)).toEqual([]);
    expect(port.warnings).toEqual([
      expect.stringContaining("empty files: /in/a, /in/b, /in/c, /in/d, /in/e and 1 more"),
    ]);
  });
});

describe("fileStream", () => {
  test("reads the files that its filter accepts, including hidden ones and those that existed at the start", async () => {
    const asked: string[] = [];
    const filter = (path: string): boolean => {
      asked.push(path);
      return path.endsWith(".csv");
    };
    const { files, reads, port } = await labOf((ssc) => ssc.fileStream("/in", { filter, newFilesOnly: false }).print());
    files.directory("/in");
    for (const name of [".a.csv", "b.txt"]) files.add(`/in/${name}`, { modifiedMs: -100_000 });
    files.add("/in/c.csv", { modifiedMs: 500 });
    expect(await reads(1000)).toEqual(["/in/c.csv 0..1"]);
    files.add("/in/.d.csv", { modifiedMs: 1500 });
    expect(await reads(2000)).toEqual(["/in/.d.csv 0..1"]);
    // The filter is also called for files that are too old: those that it refuses are not reported.
    expect(asked).toEqual(["/in/c.csv", "/in/.a.csv", "/in/b.txt", "/in/.d.csv"]);
    expect(port.warnings).toEqual([
      expect.stringMatching(/the file \/in\/\.a\.csv is ignored: the last change is older/),
    ]);
  });

  test("hands each file whole to the decoder of its format", async () => {
    const format = async function* (bytes: AsyncIterable<Uint8Array>) {
      for await (const piece of bytes) yield piece.length;
    };
    const lab = await GraphLab.build((ssc) => ssc.fileStream("/in", { format }).print());
    lab.port.memory.directory("/in");
    lab.port.memory.add("/in/a", { bytes: 5 * MB, modifiedMs: 1 });
    const plan = await lab.plansOf(1000);
    expect(plan).toContain("bytes #0 | mapPartitions millrace:decodeFile -> take 11");
    expect(plan).toContain(`inputs /in/a 0..${5 * MB}`);
  });

  test("refuses an invalid filter or format", async () => {
    const build = (options: object) => GraphLab.build((ssc) => ssc.fileStream("/in", options).print());
    await expect(build({ filter: "*.txt" })).rejects.toThrow(/\[BAD_ARGUMENT\] the filter of fileStream/);
    await expect(build({ format: "csv" })).rejects.toThrow(/\[FUNCTION_NOT_SHIPPABLE\] the format of fileStream/);
  });
});

describe("binaryRecordsStream", () => {
  test("reads records of one length", async () => {
    const lab = await GraphLab.build((ssc) => ssc.binaryRecordsStream("/in", 4).print());
    lab.port.memory.directory("/in");
    lab.port.memory.add("/in/a", { bytes: 12, modifiedMs: 1 });
    expect(await lab.plansOf(1000)).toContain("records of 4 bytes #0 -> take 11");
  });

  test("fails the batch of a file with a part of a record, by its name (IN-6)", async () => {
    const lab = await GraphLab.build((ssc) => ssc.binaryRecordsStream("/in", 4).print());
    lab.port.memory.directory("/in");
    lab.port.memory.add("/in/a", { bytes: 13, modifiedMs: 1 });
    const { error } = await lab.batch(1000);
    expect(error?.message).toMatch(/\[BAD_RECORD_LENGTH\] the file \/in\/a has 13 bytes.*records of 4 bytes/);
  });

  test.each([0, -1, 1.5, Number.NaN])("is refused records of %d bytes", async (length) => {
    await expect(GraphLab.build((ssc) => ssc.binaryRecordsStream("/in", length).print())).rejects.toThrow(
      /\[BAD_ARGUMENT\] the length of records of binaryRecordsStream/,
    );
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
    lab.port.memory.directory("/data");
    for (const name of ["_SUCCESS", ".crc", "part-1", "part-0"]) lab.port.memory.add(`/data/${name}`, { bytes: 3 });
    await lab.batch(1000);
    const tasks = lab.port.plans[0]?.stages[0]?.tasks ?? [];
    expect(tasks.map((task) => task.inputs[0])).toMatchObject([{ path: "/data/part-0" }, { path: "/data/part-1" }]);
  });

  test("reports that nothing is there", async () => {
    const { error } = await (await read("/none")).batch(1000);
    expect(error?.message).toMatch(/INPUT_MISSING\] there is no file or directory \/none/);
  });
});
