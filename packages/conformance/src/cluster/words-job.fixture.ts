import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineJob, externalStream, type JobDefinition, saveExternal } from "@millrace/api";
import { START } from "./memory-cluster.fixture.ts";

const FILES = [["a", "b", "a"], ["b", "c"], ["a"], ["c", "c", "b"], ["d"]];

/** Then all files are read, by a batch each. */
export const END: number = START + FILES.length * 1_000 + 100;

/** Files and ranges as input, state, windows of three kinds, one of them over state; outputs of files, and a sink among them. */
export function words(root: string, sunk: Map<number, string>, refuses: (time: number) => boolean): JobDefinition {
  mkdirSync(join(root, "in"), { recursive: true });
  FILES.forEach((lines, i) => {
    const file = join(root, "in", `file-${i}`);
    const at = (START + i * 1_000 + 500) / 1_000;
    writeFileSync(file, lines.join("\n"));
    utimesSync(file, at, at);
  });
  const options = { name: "words", batchInterval: "1s", checkpointDir: join(root, "checkpoint") } as const;
  return defineJob(options, (ssc) => {
    const lines = ssc.fileStream(join(root, "in"), { newFilesOnly: false });
    const totals = lines
      .map((word): [string, number] => [word, 1])
      .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
      .map(([word, total]) => `${word}=${total}`);
    totals.saveAsTextFiles(join(root, "out", "totals"));
    saveExternal(totals, {
      label: "sink",
      options: undefined,
      open: () => {
        const records: string[] = [];
        return { write: (some) => void records.push(...some), prepare: () => records.join(" ") };
      },
      commit: ({ time }, written) => {
        if (refuses(time)) throw new Error("no");
        sunk.set(time, written.join(" ").split(" ").sort().join(" "));
      },
    });
    let position = 0;
    externalStream<number, string, undefined>(ssc, {
      label: "numbers",
      options: undefined,
      start: (last) => {
        position = last?.[0] === undefined ? 0 : last[0] + 1;
      },
      fix: () => [position++],
      read: (n) => [`number ${n}`],
    }).saveAsTextFiles(join(root, "out", "numbers"));
    lines
      .map((word): [string, number] => [word, 1])
      .reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        "3s",
        undefined,
        { filter: ([, n]) => n > 0 },
      )
      .map(([word, n]) => `${word}=${n}`)
      .saveAsTextFiles(join(root, "out", "recent"));
    totals.window("2s").saveAsTextFiles(join(root, "out", "twice"));
    lines.window("3s").saveAsTextFiles(join(root, "out", "window"));
  });
}

/** The visible part of the outputs. */
export function visible(root: string): readonly string[] {
  const out = join(root, "out");
  return readdirSync(out)
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => {
      const files = readdirSync(join(out, name)).filter((file) => file.startsWith("part-"));
      const records = files.flatMap((file) => readFileSync(join(out, name, file), "utf8").split("\n"));
      return `${name}: ${records.filter(Boolean).sort().join(" ")}`;
    });
}

/** What is visible in the end, with what the sink has, of the batches that read files. */
export const UNDISTURBED: readonly string[] = [
  ...["a=2 b=1", "a=2 b=2 c=1", "a=3 b=2 c=1", "a=3 b=3 c=3", "a=3 b=3 c=3 d=1"].flatMap((totals, i) => [
    `sink-${START + (i + 1) * 1_000}: ${totals}`,
    `totals-${START + (i + 1) * 1_000}: ${totals}`,
    `numbers-${START + (i + 1) * 1_000}: number ${i}`,
  ]),
  ...Object.entries({
    window: ["a a b", "a a b b c", "a a a b b c", "a b b c c c", "a b c c d"],
    recent: ["a=2 b=1", "a=2 b=2 c=1", "a=3 b=2 c=1", "a=1 b=2 c=3", "a=1 b=1 c=2 d=1"],
    twice: [
      "a=2 b=1",
      "a=2 a=2 b=1 b=2 c=1",
      "a=2 a=3 b=2 b=2 c=1 c=1",
      "a=3 a=3 b=2 b=3 c=1 c=3",
      "a=3 a=3 b=3 b=3 c=3 c=3 d=1",
    ],
  }).flatMap(([output, batches]) => batches.map((records, i) => `${output}-${START + (i + 1) * 1_000}: ${records}`)),
].sort();
