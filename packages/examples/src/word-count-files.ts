/**
 * Counts the words of every file that appears in a folder, and writes each batch's counts beside it.
 *
 *     millrace run word-count-files.ts --master "local[2]" -- IN OUT/counts
 *
 * Move finished files into IN (write them elsewhere first); each batch with new files creates OUT/counts-<batch ms>.txt.
 */
import { defineJob } from "millrace";

/** Words: runs of letters and digits of any script, in lower case. */
const WORD = /[\p{L}\p{N}]+/gu;

const words = (line: string): string[] => line.toLowerCase().match(WORD) ?? [];

export default defineJob({ name: "word-count-files", batchInterval: "2s" }, (ssc, args) => {
  const [input, output = "counts"] = args;
  if (input === undefined)
    throw new Error("give the folder to watch: millrace run word-count-files.ts -- IN [OUT/counts]");

  const counts = ssc
    .textFileStream(input)
    .flatMap(words)
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b);

  counts.map(([word, count]) => `${word}\t${count}`).saveAsTextFiles(output, "txt");
  counts.print();
});
