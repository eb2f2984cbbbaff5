// Sources of the driver: IN-10, CX-1, and rates, which are ours.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ConstantInputDStream, InputDStream, type RDD, type StreamingContext } from "millrace";
import { type Case, kv, observation, operation } from "./case.ts";

/** As many letters as batches before it, and nothing in the third. */
class Letters extends InputDStream<string> {
  readonly #ssc: StreamingContext;
  #batches = 0;

  constructor(ssc: StreamingContext) {
    super();
    this.#ssc = ssc;
  }

  override compute(): RDD<string> | undefined {
    this.#batches += 1;
    return this.#batches === 3 ? undefined : this.#ssc.parallelize([..."abcdef"].slice(0, this.#batches));
  }
}

export const sources: readonly Case[] = [
  operation({
    id: "IN-10",
    title: "ConstantInputDStream gives the same RDD in each batch",
    batches: [],
    build: (_, ssc) => ssc.inputStream(new ConstantInputDStream(ssc.parallelize(["a", "b"], 2))).glom(),
    order: "exactly",
    expected: [
      [["a"], ["b"]],
      [["a"], ["b"]],
    ],
  }),
  operation({
    id: "IN-10",
    title: "an input stream of one's own is asked once in each batch, and may have nothing",
    batches: [],
    build: (_, ssc) => {
      const letters = ssc.inputStream(new Letters(ssc));
      return letters.union(letters);
    },
    order: "exactly",
    expected: [["a", "a"], ["a", "b", "a", "b"], [], ["a", "b", "c", "d", "a", "b", "c", "d"]],
  }),
  operation({
    id: "IN-10",
    title: "windows over a constant stream have it once for each batch",
    batches: [],
    build: (_, ssc) =>
      ssc
        .inputStream(new ConstantInputDStream(ssc.parallelize([1, 2])))
        .window(200)
        .count(),
    expected: [[2], [4], [4]],
  }),
  operation({
    id: "rateStream",
    title: "rateStream counts on from batch to batch",
    batches: [],
    build: (_, ssc) => ssc.rateStream(20).map(({ value }) => value),
    order: "exactly",
    expected: [
      [0, 1],
      [2, 3],
      [4, 5],
    ],
  }),
  observation({
    id: "CX-1",
    title: "textFile has the lines of a file, and of all files of a directory, however many partitions read them",
    order: "exactly",
    expected: [
      [
        ["a", "", "naïve 😀", "last"],
        [0, 3],
        ["a", "", "naïve 😀", "last", "x", "y"],
      ],
    ],
    declare: (ssc, report, directory) => {
      mkdirSync(join(directory, "all"));
      writeFileSync(join(directory, "all", "1"), "a\n\nnaïve 😀\nlast");
      writeFileSync(join(directory, "all", "2"), "x\ny\n");
      writeFileSync(join(directory, "all", ".hidden"), "not read\n");
      writeFileSync(join(directory, "empty"), "");
      ssc.queueStream([[1]]).foreachRDD(async (_, time) => {
        const one = await ssc.textFile(join(directory, "all", "1"), 7).collect();
        const empty = await ssc.textFile(join(directory, "empty")).count();
        const sizes = await ssc
          .textFile(join(directory, "all", "1"))
          .filter((line) => line !== "")
          .count();
        report(time, [one, [empty, sizes], await ssc.textFile(join(directory, "all"), 3).collect()]);
      });
    },
  }),
  observation({
    id: "CX-1",
    title:
      "textFile has two partitions, or as many as it is told, one at least for each of the files that match wildcards",
    order: "exactly",
    expected: [[2, 8, [["x"], ["y"]], ["1", "2"]]],
    declare: (ssc, report, directory) => {
      for (const [name, text] of [
        ["a1", "x\n"],
        ["a2", "y\n"],
        ["b3", "a\nb\nc\nd\n"],
      ] as const) {
        mkdirSync(join(directory, "in", name), { recursive: true });
        writeFileSync(join(directory, "in", name, "_SUCCESS"), "");
        writeFileSync(join(directory, "in", name, name.slice(1)), text);
      }
      ssc.queueStream([[1]]).foreachRDD(async (_, time) => {
        const lines = (path: string, partitions?: number) => ssc.textFile(join(directory, "in", path), partitions);
        const names = await ssc
          .wholeTextFiles(join(directory, "in", "a?", "*"))
          .keys()
          .collect();
        report(time, [
          await lines("b3", 2).getNumPartitions(),
          await lines("b3", 8).getNumPartitions(),
          await lines("{a*,nowhere}", 1).glom().collect(),
          names.map((name) => basename(name)),
        ]);
      });
    },
  }),
  operation({
    id: "CX-1",
    title: "parallelize cuts a collection into equal slices, in order, more of them than items too",
    batches: [[1]],
    build: (stream, ssc) =>
      stream.transform(() =>
        ssc
          .parallelize("abcde", 3)
          .glom()
          .union(ssc.parallelize(new Set(["x"]), 2).glom()),
      ),
    order: "exactly",
    expected: [[["a"], ["b", "c"], ["d", "e"], [], ["x"]]],
  }),
  operation({
    id: "CX-1",
    title: "parallelize takes the pairs of a Map",
    batches: [[1]],
    build: (stream, ssc) => stream.transform(() => ssc.parallelize(new Map([kv("a", 1)])).mapValues((n) => n + 1)),
    expected: [[kv("a", 2)]],
  }),
];
