// Files that RDDs write and read.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { StreamingContext } from "millrace";
import { type Case, inFirstBatch, kv, observation, refused } from "./case.ts";

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
  get double(): number {
    return 2 * this.x;
  }
}

const VALUES = [1, -0, "x", undefined, 2n, new Date(5), new Map([[[1], new Set(["a"])]]), new Point(4)];
const LINES = 60_000;

/** The results of a driver function in the first batch, with a directory of its own. */
function inDirectory(given: {
  readonly id: string;
  readonly title: string;
  readonly expected: readonly unknown[];
  readonly act: (ssc: StreamingContext, directory: string) => Promise<readonly unknown[]>;
}): Case {
  return observation({
    ...given,
    order: "exactly",
    expected: [given.expected],
    declare: (ssc, report, directory) => inFirstBatch(ssc, report, () => given.act(ssc, directory)),
  });
}

export const rddFiles: readonly Case[] = [
  inDirectory({
    id: "RD-27",
    title: "text is saved zipped, and zipped files are read in order, each in one partition",
    act: async (ssc, directory) => {
      const zipped = join(directory, "zipped");
      const lines = ssc.range(0, LINES, 1, 3).map((n) => `line ${n}`);
      await lines.saveAsTextFile(zipped, { codec: "gzip" });
      const first = gunzipSync(readFileSync(join(zipped, "part-00000.gz"))).toString();
      const read = ssc.textFile(zipped);
      return [
        readdirSync(zipped).sort(),
        [first.startsWith("line 0\nline 1\n"), first.endsWith("line 19999\n")],
        await read.count(),
        await ssc.textFile(zipped, 9).getNumPartitions(),
        await read
          .zipWithIndex()
          .filter(([line, i]) => line !== `line ${i}`)
          .count(),
        await read.keyBy((line) => line.length).countByKey(),
        await refused(lines.saveAsTextFile(zipped), /OUTPUT_EXISTS/),
      ];
    },
    expected: [
      ["_SUCCESS", "part-00000.gz", "part-00001.gz", "part-00002.gz"],
      [true, true],
      LINES,
      3,
      0,
      new Map([kv(6, 10), kv(7, 90), kv(8, 900), kv(9, 9000), kv(10, 50_000)]),
      "refused",
    ],
  }),
  inDirectory({
    id: "RD-27",
    title: "nothing is saved zipped too, and a damaged file is refused",
    act: async (ssc, directory) => {
      const nothing = join(directory, "nothing");
      await ssc.parallelize<string>([], 1).saveAsTextFile(nothing, { codec: "gzip" });
      const damaged = join(directory, "damaged.gz");
      writeFileSync(damaged, gzipSync("a\nb\n").subarray(0, 12));
      return [
        await ssc.textFile(nothing).count(),
        await refused(ssc.textFile(damaged).count(), /INPUT_DAMAGED.*unzipped/),
      ];
    },
    expected: [0, "refused"],
  }),
  inDirectory({
    id: "RD-27",
    title: "saveAsTextFile and textFile give back the lines, in order",
    act: async (ssc, directory) => {
      const path = join(directory, "letters");
      await ssc.parallelize(["a", "b", "b", "c"], 3).saveAsTextFile(path);
      return [await ssc.textFile(path).collect()];
    },
    expected: [["a", "b", "b", "c"]],
  }),
  inDirectory({
    id: "RD-27",
    title: "values of every kind, instances of the author's classes too, are saved and read as they were",
    act: async (ssc, directory) => {
      const saved = join(directory, "objects");
      await ssc.parallelize<unknown>(VALUES, 3).saveAsObjectFile(saved);
      const read = await ssc.objectFile<unknown>(saved).collect();
      const last = read.at(-1);
      return [read, last instanceof Point && last.double];
    },
    expected: [VALUES, 8],
  }),
  inDirectory({
    id: "RD-27",
    title: "many values are read from a partition for each file; text is refused; a save that fails leaves nothing",
    act: async (ssc, directory) => {
      const many = join(directory, "many");
      await ssc
        .range(0, 300_000, 1, 2)
        .map((n) => kv(`key ${n % 1000}`, n))
        .saveAsObjectFile(many);
      const pairs = ssc.objectFile<[string, number]>(many);
      writeFileSync(join(directory, "text"), "this is text, and no frame at all");
      const bad = ssc.parallelize([1, 2], 2).map((n) => (n === 2 ? new WeakMap() : n));
      const failed = join(directory, "failed");
      return [
        await pairs.values().sum(),
        await pairs.getNumPartitions(),
        await refused(ssc.objectFile(join(directory, "text")).count(), /INPUT_DAMAGED.*as records/),
        await refused(bad.saveAsObjectFile(failed), /./),
        existsSync(failed),
      ];
    },
    expected: [(300_000 * 299_999) / 2, 2, "refused", "refused", false],
  }),
  inDirectory({
    id: "CX-1",
    title:
      "wholeTextFiles, binaryFiles and binaryRecords read all files but hidden ones, and say what is wrong with them",
    act: async (ssc, directory) => {
      const files = join(directory, "bytes");
      mkdirSync(files);
      writeFileSync(join(files, "a"), "one\n");
      writeFileSync(join(files, "b"), "two\n");
      writeFileSync(join(files, ".hidden"), "no");
      const whole = await ssc.wholeTextFiles(files).collect();
      return [
        whole.map(([path, text]) => kv(path === join(files, basename(path)) && basename(path), text)),
        await ssc.wholeTextFiles(files, 1).getNumPartitions(),
        await ssc.binaryFiles(join(files, "b")).values().collect(),
        await ssc
          .binaryRecords(files, 2)
          .map((record) => record[0])
          .collect(),
        await refused(ssc.binaryRecords(files, 3).count(), /BAD_RECORD_LENGTH.*binaryRecords/),
        await refused(ssc.wholeTextFiles(join(files, "c")).count(), /INPUT_MISSING/),
      ];
    },
    expected: [
      [kv("a", "one\n"), kv("b", "two\n")],
      1,
      [new Uint8Array([116, 119, 111, 10])],
      [111, 101, 116, 111],
      "refused",
      "refused",
    ],
  }),
];
