// Saved files: FO-1 … FO-3, DS-16, RD-27. Paths are below a directory of the test; a batch's number stands for its time.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StreamingContext } from "millrace";
import { type Case, kv, observation, type Report } from "./case.ts";
import { refusal } from "./rdds.ts";

export const outputs: readonly Case[] = [
  observation({
    id: "FO-1",
    title:
      "saveAsTextFiles makes a directory for each batch, FO-2: with a part for each partition, empty ones too, and _SUCCESS",
    expected: [
      ["0.txt/_SUCCESS: ", "0.txt/part-00000: a\n", "0.txt/part-00001: b\nc\n"],
      ["1.txt/_SUCCESS: ", "1.txt/part-00000: ", "1.txt/part-00001: "],
      ["2.txt/_SUCCESS: "],
    ],
    declare: (ssc, report, directory) => {
      const stream = ssc.queueStream([ssc.parallelize(["a", "b", "c"], 2), ssc.parallelize<string>([], 2)]);
      stream.saveAsTextFiles(join(directory, "letters"), "txt");
      reportTree(ssc, { directory, prefix: "letters-" }, report);
    },
  }),
  observation({
    id: "FO-1",
    title: "without a suffix there is no dot, and without a prefix no dash, where the reference has one after a slash",
    expected: [["0/_SUCCESS: ", "0/part-00000: a\n"], ["1/_SUCCESS: "]],
    declare: (ssc, report, directory) => {
      const stream = ssc.queueStream([ssc.parallelize(["a"], 1)]);
      stream.saveAsTextFiles(`${directory}/plain/`);
      reportTree(ssc, { directory: join(directory, "plain"), prefix: "" }, report);
    },
  }),
  observation({
    id: "FO-3",
    title:
      "a text is written as it is, anything else as a line of JSON, where the reference has Scala's or Python's form",
    expected: [
      [
        "0/_SUCCESS: ",
        '0/part-00000: say "hi"\n["hello",45]\n{"a":[1,null]}\ntrue\nnull\nnull\n0.5\n"1970-01-01T00:00:00.001Z"\nnaïve 😀\n\n',
      ],
    ],
    declare: (ssc, report, directory) => {
      const records = [
        'say "hi"',
        kv("hello", 45),
        { a: [1, undefined] },
        true,
        null,
        undefined,
        0.5,
        new Date(1),
        "naïve 😀",
        "",
      ];
      const stream = ssc.queueStream<unknown>([ssc.parallelize<unknown>(records, 1)]);
      stream.saveAsTextFiles(join(directory, "forms"));
      reportTree(ssc, { directory, prefix: "forms-" }, report);
    },
  }),
  observation({
    id: "DS-16",
    title: "saveAsTextFiles writes windows in the batches that have one",
    expected: [
      undefined,
      ["1/_SUCCESS: ", "1/part-00000: a\n", "1/part-00001: b\n"],
      undefined,
      ["3/_SUCCESS: ", "3/part-00000: c\n"],
      undefined,
    ],
    declare: (ssc, report, directory) => {
      const letters = ["a", "b", "c"].map((letter) => ssc.parallelize([letter], 1));
      const stream = ssc.queueStream(letters).window(200, 200);
      stream.saveAsTextFiles(join(directory, "windows"));
      reportTree(ssc, { directory, prefix: "windows-" }, report);
    },
  }),
  observation({
    id: "toAsyncIterable",
    title: "toAsyncIterable hands the records of every batch to a loop of the driver, in order",
    order: "exactly",
    expected: [["a", "b"], []], // the loop may be heard of one batch later, and the topic has more
    declare: (ssc, report) => {
      const batches = ssc.queueStream([["a", "b"]]).toAsyncIterable({ batches: true });
      void (async () => {
        for await (const { time, records } of batches) report(time, records);
      })();
    },
  }),
  observation({
    id: "RD-27",
    title: "saveAsTextFile writes where nothing is, and refuses to where something is",
    order: "exactly",
    expected: [["none", "OUTPUT_EXISTS", ["_SUCCESS", "part-00000", "part-00001"], ["1", "2"]]],
    declare: (ssc, report, directory) => {
      ssc.queueStream([[1]]).foreachRDD(async (_, time) => {
        const path = join(directory, `once-${time}`);
        const rdd = ssc.parallelize([1, 2], 2);
        const answers = [await refusal(rdd.saveAsTextFile(path)), await refusal(rdd.saveAsTextFile(path))];
        report(time, [
          ...answers,
          readdirSync(path).sort(),
          await ssc
            .textFile(path, 1)
            .sortBy((line) => line)
            .collect(),
        ]);
      });
    },
  }),
  observation({
    id: "DS-17",
    title: "saveAsObjectFiles and saveAsObjectFile write values that objectFile reads as they were",
    order: "exactly",
    expected: [
      [
        [-0, 1n, new Date(5)],
        [-0, 1n, new Date(5)],
      ],
    ],
    declare: (ssc, report, directory) => {
      const stream = ssc.queueStream<unknown>([ssc.parallelize<unknown>([-0, 1n, new Date(5)], 1)]);
      stream.saveAsObjectFiles(join(directory, "values"));
      stream.foreachRDD(async (rdd, time) => {
        if ((await rdd.count()) > 0) await rdd.saveAsObjectFile(join(directory, `value-${time}`));
      });
      afterEachBatch(ssc, async (time) => {
        if (!readdirSync(directory).includes(`value-${time}`)) return;
        const paths = [join(directory, `values-${time}`), join(directory, `value-${time}`)];
        report(time, await Promise.all(paths.map((path) => ssc.objectFile<unknown>(path).collect())));
      });
    },
  }),
  observation({
    id: "RD-27",
    title: "what JSON cannot hold is no line of text",
    order: "exactly",
    expected: [["RECORD_NOT_TEXT"]],
    declare: (ssc, report, directory) => {
      ssc.queueStream([[1]]).foreachRDD(async (_, time) => {
        report(time, [await refusal(ssc.parallelize([1n]).saveAsTextFile(join(directory, "bigint")))]);
      });
    },
  }),
];

/** Calls `look` in each batch with the time of the one before, whose files are visible by then. */
function afterEachBatch(ssc: StreamingContext, look: (time: number) => Promise<void> | void): void {
  let before: number | undefined;
  ssc.queueStream<never>([]).foreachRDD(async (_, time) => {
    if (before !== undefined) await look(before);
    before = time;
  });
}

/** Reports the files of each batch's directory, if it has one, with their contents. */
function reportTree(
  ssc: StreamingContext,
  { directory, prefix }: { readonly directory: string; readonly prefix: string },
  report: Report,
): void {
  let first: number | undefined;
  afterEachBatch(ssc, (time) => {
    first ??= time;
    const batch = (time - first) / ssc.batchInterval;
    const found = readdirSync(directory).filter((name) => name.startsWith(`${prefix}${time}`));
    const files = found.flatMap((name) =>
      readdirSync(join(directory, name)).map((file) => {
        const shown = name.slice(prefix.length).replace(String(time), String(batch));
        return `${shown}/${file}: ${readFileSync(join(directory, name, file), "utf8")}`;
      }),
    );
    if (files.length > 0) report(time, files);
  });
}
