import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DStream, defineJob, type JobDefinition, type Partitioner, type State } from "@millrace/api";
import { epochMs } from "@millrace/base";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, START } from "./memory-cluster.fixture.ts";

const BATCHES = 7;
/** Keys of each batch: some in all of them, some that come once. */
const keysOf = (batch: number): readonly string[] =>
  Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? `k${i}` : `k${i}-${batch % 5}`));

let root: string;
function prepare(): void {
  root = mkdtempSync(join(tmpdir(), "millrace-partitions-"));
  mkdirSync(join(root, "in"));
  for (let batch = 0; batch < BATCHES; batch++) {
    const file = join(root, "in", `file-${batch}`);
    const at = (START + batch * 1_000 + 500) / 1_000;
    writeFileSync(file, keysOf(batch).join("\n"));
    utimesSync(file, at, at);
  }
}
beforeEach(prepare);
afterEach(() => rmSync(root, { recursive: true }));

/** Places keys by their length, which no hash does. */
class ByLength implements Partitioner<string> {
  readonly numPartitions: number;
  constructor(numPartitions: number) {
    this.numPartitions = numPartitions;
  }
  readonly getPartition = (key: string): number => key.length % this.numPartitions;
}

/** State of all kinds in this many partitions. */
function counts(numPartitions: number): JobDefinition {
  const options = { name: "counts", batchInterval: "1s", checkpointDir: join(root, "checkpoint") } as const;
  return defineJob(options, (ssc) => {
    const ones = ssc.fileStream(join(root, "in"), { newFilesOnly: false }).map((word): [string, number] => [word, 1]);
    const save = (stream: DStream<readonly [string, number]>, name: string): void => {
      stream.map(([key, n]) => `${key}=${n}`).saveAsTextFiles(join(root, "out", name));
    };
    const sum = (added: readonly number[], total = 0): number => added.reduce((a, b) => a + b, total);
    save(ones.updateStateByKey<number>(sum, { numPartitions }).named("all"), "all");
    save(ones.updateStateByKey<number>(sum, { numPartitions, onlyUpdated: true }).named("updated"), "updated");
    const placed = { partitioner: new ByLength(numPartitions) };
    save(ones.updateStateByKey<number>(sum, placed).named("placed"), "placed");
    ones
      .mapWithState(
        (key, n, state: State<number>) => {
          if (state.isTimingOut()) return `${key} is gone`;
          state.update((state.getOption() ?? 0) + (n ?? 0));
          return `${key}=${state.get()}`;
        },
        { numPartitions, timeout: "2s" },
      )
      .named("mapped")
      .saveAsTextFiles(join(root, "out", "mapped"));
    save(
      ones
        .reduceByKeyAndWindow(
          (a, b) => a + b,
          (a, b) => a - b,
          "3s",
          undefined,
          { numPartitions, filter: ([, n]) => n > 0 },
        )
        .named("window"),
      "window",
    );
  });
}

/** Runs the job for some batches, each number of partitions in turn, and returns what is visible then. */
async function run(
  ...turns: readonly (readonly [numPartitions: number, batches: number])[]
): Promise<readonly string[]> {
  let until = START + 100;
  let cluster: MemoryCluster | undefined;
  for (const [numPartitions, batches] of turns) {
    cluster?.kill();
    await cluster?.idle();
    const at = epochMs(cluster?.clock.now() ?? START);
    const directory = mkdtempSync(join(root, "work-"));
    cluster = await MemoryCluster.start(counts(numPartitions), { executors: 2, directory, at });
    await cluster.idle();
    for (const name of ["e1", "e2"]) await cluster.join(name);
    until += batches * 1_000;
    while (cluster.clock.now() < until) await cluster.pass(100);
  }
  await cluster?.close();
  const out = join(root, "out");
  const outputs = readdirSync(out)
    .filter((name) => !name.startsWith(".") && Number(/\d+$/.exec(name)?.[0]) <= until)
    .sort()
    .map((name) => {
      const files = readdirSync(join(out, name)).filter((file) => file.startsWith("part-"));
      const records = files.flatMap((file) => readFileSync(join(out, name, file), "utf8").split("\n"));
      return `${name}: ${records.filter(Boolean).sort().join(" ")}`;
    });
  for (const name of ["out", "checkpoint"]) rmSync(join(root, name), { recursive: true });
  return outputs;
}

describe("a job that is started again with another number of partitions", () => {
  let expected: readonly string[];
  beforeAll(async () => {
    prepare();
    expected = await run([3, BATCHES]);
    rmSync(root, { recursive: true });
  });

  test("goes on with all of its state", async () => {
    expect(expected).toHaveLength(5 * BATCHES);
    expect(await run([3, 3], [5, 2], [2, 2])).toEqual(expected);
  });
});
