import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type JobDefinition, type Sink, saveExternal } from "@millrace/api";
import type { ToJobThread } from "@millrace/driver/in-process";
import { MemoryCluster, type MemoryClusterOptions, type Traffic } from "./memory-cluster.fixture.ts";

const BATCHES = [["a", "b", "a"], ["b", "c"], ["a"], ["c", "c", "b"]];
/** Of each batch. */
export const TOTALS: readonly (readonly string[])[] = [
  ["a=2", "b=1"],
  ["a=2", "b=2", "c=1"],
  ["a=3", "b=2", "c=1"],
  ["a=3", "b=3", "c=3"],
];
/** When the first batch is. */
export const FIRST = 1_001_000;

interface TotalsOptions {
  readonly meanwhile?: (batch: number) => Promise<void>;
  /** They are saved too, as files of this directory. */
  readonly saveTo?: string;
  /** They are given to a sink too, which is committed before the files. */
  readonly sink?: Pick<Sink<string, string>, "commit" | "abort">;
}

interface TotalsJob {
  readonly job: JobDefinition;
  /** The records of an output, batch by batch. */
  readonly seen: string[][];
}

/** Totals of words by key: a shuffle, and state that stays where it is. */
export function totals({ meanwhile, saveTo, sink }: TotalsOptions = {}): TotalsJob {
  const seen: string[][] = [];
  const job = defineJob({ name: "totals", batchInterval: "1s" }, (ssc) => {
    const lines = ssc
      .queueStream(BATCHES)
      .map((word): [string, number] => [word, 1])
      .reduceByKey((a, b) => a + b)
      .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
      .map(([word, total]) => `${word}=${total}`);
    if (sink !== undefined) {
      saveExternal(lines, {
        label: "watched",
        options: undefined,
        open: () => ({ write: () => {}, prepare: () => "written" }),
        ...sink,
      });
    }
    if (saveTo !== undefined) lines.saveAsTextFiles(join(saveTo, "totals"));
    lines.foreachRDD(async (rdd) => {
      const all = await rdd.collect();
      await meanwhile?.(seen.length);
      seen.push(all.sort());
    });
  });
  return { job, seen };
}

/** The directory that a job's outputs are saved to. */
export class OutputDirectory {
  readonly path: string = mkdtempSync(join(tmpdir(), "millrace-cluster-out-"));

  visible(): readonly string[] {
    return readdirSync(this.path)
      .filter((name) => !name.startsWith("."))
      .sort();
  }

  hidden(): readonly string[] {
    return readdirSync(this.path).filter((name) => name.startsWith("."));
  }

  /** The contents of the visible files, batch by batch. */
  totals(): string[][] {
    return this.visible().map((directory) => {
      const files = readdirSync(join(this.path, directory)).filter((name) => name.startsWith("part-"));
      const linesOf = (file: string) => readFileSync(join(this.path, directory, file), "utf8").split("\n");
      return files.flatMap(linesOf).filter(Boolean).sort();
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

/** A cluster with these executors, in which no time has passed. */
export async function startCluster(
  { job }: TotalsJob,
  executors: readonly string[],
  options: MemoryClusterOptions = {},
): Promise<MemoryCluster> {
  const cluster = await MemoryCluster.start(job, { executors: executors.length || 1, ...options });
  await cluster.idle();
  for (const name of executors) await cluster.join(name);
  return cluster;
}

/** The job's thread is about to get such a message. */
export const begins =
  (type: ToJobThread["type"]) =>
  ({ what, message }: Traffic): boolean =>
    what === "toThread" && message.type === type;
