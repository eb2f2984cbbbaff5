// Commands that RDDs are piped through: RD-9.
import { action, type Case, refused } from "./case.ts";

const words = { batches: [["b", "a", "c"]], partitions: 2, order: "exactly" } as const;

export const pipes: readonly Case[] = [
  action({
    ...words,
    id: "RD-9",
    title: "pipe runs a command for each partition, with an environment and lines of the author's",
    act: async (rdd) => {
      const twice = rdd.pipe("cat", {
        printContext: (print) => print("begin"),
        printRecord: (word, print) => {
          print(word);
          print(word.toUpperCase());
        },
      });
      return [
        await rdd
          .pipe("cat -n")
          .map((line) => line.trim())
          .collect(),
        await rdd.pipe(["sh", "-c", "echo $GREETING; cat"], { env: { GREETING: "hello" } }).collect(),
        await twice.collect(),
        await rdd
          .map((word) => ({ word }))
          .pipe("cat")
          .first(),
      ];
    },
    expected: [
      [
        ["1\tb", "1\ta", "2\tc"],
        ["hello", "b", "hello", "a", "c"],
        ["begin", "b", "B", "begin", "a", "A", "c", "C"],
        '{"word":"b"}',
      ],
    ],
  }),
  action({
    ...words,
    id: "RD-9",
    title: "pipe neither stalls on much input or output, nor reads more than is wanted",
    act: async (rdd, ssc) => {
      const much = rdd.flatMap((word) => Array.from({ length: 20_000 }, (_, i) => `${word}${i}`));
      return [
        await rdd.repartition(2).pipe("true").count(),
        await much.pipe("cat").count(),
        await much.pipe("head -n 2").count(),
        await rdd.pipe("seq 20000").count(),
        await rdd.pipe("yes").take(3),
        await ssc.emptyRDD<string>().pipe("cat").count(),
      ];
    },
    expected: [[0, 60_000, 4, 40_000, ["y", "y", "y"], 0]],
  }),
  action({
    ...words,
    id: "RD-9",
    title: "pipe fails with its command, and says how that ended",
    act: async (rdd) => {
      const thrown = rdd.map((word) => {
        if (word === "c") throw new Error("no c");
        return word;
      });
      const broken = ["sh", "-c", "echo nothing works >&2; exit 3"];
      return [
        await refused(rdd.pipe(broken).count(), /PIPE_FAILED.*exited with code 3.*nothing works/),
        await refused(rdd.pipe("no-such-command-at-all").count(), /PIPE_FAILED.*could not be started/),
        await refused(rdd.pipe(["sh", "-c", "kill -9 $$"]).count(), /PIPE_FAILED.*killed by SIGKILL/),
        await refused(thrown.pipe("cat").count(), /no c/),
      ];
    },
    expected: [["refused", "refused", "refused", "refused"]],
  }),
];
