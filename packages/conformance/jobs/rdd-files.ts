// What RDDs write and read, and commands they are piped through, with the results.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { defineJob, type RDD, type StreamingContext } from "millrace";
import { Checks } from "./checks.ts";

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
  get double(): number {
    return 2 * this.x;
  }
}

export default defineJob({ name: "rdd-files", batchInterval: "100ms" }, (ssc) => {
  ssc.queueStream<number>([[1]]).foreachRDD(async () => {
    const checks = new Checks();
    const folder = mkdtempSync(join(tmpdir(), "millrace-rdd-files-"));
    try {
      await texts(ssc, folder, checks);
      await objects(ssc, folder, checks);
      await bytes(ssc, folder, checks);
      await piped(ssc.parallelize(["b", "a", "c"], 2), ssc.emptyRDD<string>(), checks);
    } finally {
      rmSync(folder, { recursive: true });
    }
    checks.report();
  });
});

async function texts(ssc: StreamingContext, folder: string, checks: Checks): Promise<void> {
  const lines = ssc.range(0, 60_000, 1, 3).map((n) => `line ${n}`);
  const zipped = join(folder, "zipped");
  await lines.saveAsTextFile(zipped, { codec: "gzip" });
  await checks.is("names of zipped files", readdirSync(zipped).sort(), [
    "_SUCCESS",
    "part-00000.gz",
    "part-00001.gz",
    "part-00002.gz",
  ]);
  const first = gunzipSync(readFileSync(join(zipped, "part-00000.gz"))).toString();
  await checks.is(
    "what a zipped file holds",
    [first.startsWith("line 0\nline 1\n"), first.endsWith("line 19999\n")],
    [true, true],
  );
  await checks.is("zipped files are read", ssc.textFile(zipped).count(), 60_000);
  await checks.is("one partition each", ssc.textFile(zipped, 9).getNumPartitions(), 3);
  await checks.is(
    "in order",
    ssc
      .textFile(zipped)
      .zipWithIndex()
      .filter(([line, i]) => line !== `line ${i}`)
      .count(),
    0,
  );
  await checks.is(
    "zipped files are joined",
    ssc
      .textFile(zipped)
      .keyBy((line) => line.length)
      .countByKey(),
    lengths(60_000),
  );
  const nothing = join(folder, "nothing");
  await ssc.parallelize<string>([], 1).saveAsTextFile(nothing, { codec: "gzip" });
  await checks.is("nothing, zipped", ssc.textFile(nothing).count(), 0);
  writeFileSync(join(folder, "damaged.gz"), gzipSync("a\nb\n").subarray(0, 12));
  await checks.fails("a damaged file", ssc.textFile(join(folder, "damaged.gz")).count(), /INPUT_DAMAGED.*unzipped/);
  await checks.fails("a place that is taken", lines.saveAsTextFile(zipped), /OUTPUT_EXISTS/);
}

/** How many of `line 0`, `line 1` … are how long. */
function lengths(lines: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let n = 0; n < lines; n += 1) {
    const { length } = `line ${n}`;
    counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  return counts;
}

async function objects(ssc: StreamingContext, folder: string, checks: Checks): Promise<void> {
  const values: unknown[] = [1, -0, "x", undefined, 2n, new Date(5), new Map([[[1], new Set(["a"])]]), new Point(4)];
  const saved = join(folder, "objects");
  await ssc.parallelize(values, 3).saveAsObjectFile(saved);
  const read = await ssc.objectFile<unknown>(saved).collect();
  await checks.is("objects", read, values);
  await checks.is("instances of my classes", (read[7] as Point).double, 8);
  const many = join(folder, "many");
  await ssc
    .range(0, 300_000, 1, 2)
    .map((n) => [`key ${n % 1000}`, n])
    .saveAsObjectFile(many);
  const pairs = ssc.objectFile<[string, number]>(many);
  await checks.is("many objects", pairs.values().sum(), (300_000 * 299_999) / 2);
  await checks.is("a partition for each file", pairs.getNumPartitions(), 2);
  writeFileSync(join(folder, "text"), "this is text, and no frame at all");
  await checks.fails(
    "text is no object file",
    ssc.objectFile(join(folder, "text")).count(),
    /INPUT_DAMAGED.*as records/,
  );
  await checks.is("a failed save leaves nothing", await failing(ssc, join(folder, "failed")), [false, false]);
}

async function failing(ssc: StreamingContext, path: string): Promise<boolean[]> {
  const bad = ssc.parallelize([1, 2], 2).map((n) => (n === 2 ? new WeakMap() : n));
  const saved = await bad.saveAsObjectFile(path).then(
    () => true,
    () => false,
  );
  return [saved, existsSync(path)];
}

async function bytes(ssc: StreamingContext, folder: string, checks: Checks): Promise<void> {
  const files = mkdtempSync(join(folder, "bytes-"));
  writeFileSync(join(files, "a"), "one\n");
  writeFileSync(join(files, "b"), "two\n");
  writeFileSync(join(files, ".hidden"), "no");
  const [a, b] = [join(files, "a"), join(files, "b")];
  await checks.is("wholeTextFiles", ssc.wholeTextFiles(files).collect(), [
    [a, "one\n"],
    [b, "two\n"],
  ]);
  await checks.is("wholeTextFiles in one partition", ssc.wholeTextFiles(files, 1).getNumPartitions(), 1);
  await checks.is("binaryFiles", ssc.binaryFiles(b).values().collect(), [new Uint8Array([116, 119, 111, 10])]);
  await checks.is(
    "binaryRecords",
    ssc
      .binaryRecords(files, 2)
      .map((record) => record[0])
      .collect(),
    [111, 101, 116, 111],
  );
  await checks.fails("a part of a record", ssc.binaryRecords(files, 3).count(), /BAD_RECORD_LENGTH.*binaryRecords/);
  await checks.fails("a directory that is not there", ssc.wholeTextFiles(join(files, "c")).count(), /INPUT_MISSING/);
}

async function piped(words: RDD<string>, none: RDD<string>, checks: Checks): Promise<void> {
  await checks.is(
    "pipe",
    words
      .pipe("cat -n")
      .map((line) => line.trim())
      .collect(),
    ["1\tb", "1\ta", "2\tc"],
  );
  const env = words.pipe(["sh", "-c", "echo $GREETING; cat"], { env: { GREETING: "hello" } });
  await checks.is("pipe with an environment", env.collect(), ["hello", "b", "hello", "a", "c"]);
  const twice = words.pipe("cat", {
    printContext: (print) => print("begin"),
    printRecord: (word, print) => {
      print(word);
      print(word.toUpperCase());
    },
  });
  await checks.is("pipe with lines of my own", twice.collect(), ["begin", "b", "B", "begin", "a", "A", "c", "C"]);
  await checks.is(
    "pipe of other records",
    words
      .map((word) => ({ word }))
      .pipe("cat")
      .first(),
    '{"word":"b"}',
  );
  await checks.is("a command that reads nothing", words.repartition(2).pipe("true").count(), 0);
  const much = words.flatMap((word) => Array.from({ length: 100_000 }, (_, i) => `${word}${i}`));
  await checks.is("much in, much out", much.pipe("cat").count(), 300_000);
  await checks.is("much in, little out", much.pipe("head -n 2").count(), 4);
  await checks.is("little in, much out", words.pipe("seq 100000").count(), 200_000);
  await checks.is("only what is wanted is read", words.pipe("yes").take(3), ["y", "y", "y"]);
  await checks.is("of no partitions", none.pipe("cat").count(), 0);
  const broken = words.pipe(["sh", "-c", "echo nothing works >&2; exit 3"]);
  await checks.fails("a command that fails", broken.count(), /PIPE_FAILED.*exit code 3.*nothing works/);
  await checks.fails(
    "a command that is not there",
    words.pipe("no-such-command-at-all").count(),
    /PIPE_FAILED.*could not be started/,
  );
  const killed = words.pipe(["sh", "-c", "kill -9 $$"]);
  await checks.fails("a command that is ended", killed.count(), /PIPE_FAILED.*ended by SIGKILL/);
  const thrown = words.map((word) => {
    if (word === "c") throw new Error("no c");
    return word;
  });
  await checks.fails("records that fail", thrown.pipe("cat").count(), /no c/);
}
