import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type Sink, type SinkBatch, type SinkTask } from "@millrace/api";
import { type ActionResult, type BatchOutcome, buildJob, type EnginePort, type JobGraph } from "@millrace/api/engine";
import { type Deferred, deferred, epochMs, ManualClock } from "@millrace/base";
import { type Location, within } from "@millrace/files";
import { blockId, type FixedInput, type LoggedBatches, type PreparedOutput, type WrittenFile } from "@millrace/plan";
import { localFileSystems } from "@millrace/storage";
import { describe, test } from "vitest";
import { loadInline } from "../job/load-job.ts";
import { sinkContract } from "./sink-contract.ts";

/** What an attempt writes, and, once it is known which of them count, what the output has prepared. */
type Prepared = WrittenFile | PreparedOutput;

/** One run of a batch by one start of the job: the graph waits for the tasks that save its records. */
interface Running {
  readonly staging: Location;
  readonly saved: Deferred<ActionResult>;
  readonly outcome: Promise<BatchOutcome>;
}

const files = localFileSystems();

/** Starts of a job that saves a stream as files. The graph is the real one; the test is its engine, and its tasks. */
class SavingJob {
  readonly #directory: string;
  readonly #running = new Map<string, Promise<Running>>();
  /** By epoch, the batch that a start is told to run again. */
  readonly #again = new Map<number, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  sink(): Sink<string, Prepared> {
    return {
      label: "saveAsTextFiles",
      options: undefined,
      open: (task) => this.#open(task),
      recover: ({ epoch, pending }) => {
        if (pending !== undefined && pending.prepared === undefined) this.#again.set(epoch, pending.batch.time);
      },
      commit: async (batch, prepared) => {
        const { graph } = await this.#graph(batch);
        for (const output of outputsIn(prepared)) await graph.commitOutput(epochMs(batch.time), output);
      },
      abort: async (batch, prepared) => {
        const { graph } = await this.#graph(batch);
        for (const output of outputsIn(prepared)) await graph.discardOutput(epochMs(batch.time), output);
        this.#running.delete(runOf(batch));
      },
    };
  }

  async complete(batch: SinkBatch, prepared: readonly Prepared[]): Promise<readonly Prepared[]> {
    const { saved, outcome } = await this.#run(batch);
    const written = prepared.filter((one) => "token" in one);
    saved.resolve({ partitions: [], written, accumulators: [], states: [] });
    const { error, prepared: ready } = await outcome;
    if (error !== undefined) throw error;
    return ready.outputs;
  }

  /** As tasks write: to the file of their attempt, in a folder that must be there. */
  async #open(task: SinkTask) {
    const { staging } = await this.#run(task);
    const records: string[] = [];
    return {
      write: (some: readonly string[]) => void records.push(...some),
      prepare: async (): Promise<Prepared> => {
        const file = `${task.attempt}-part-0000${task.partition}`;
        const path = within(staging, "_temporary", file);
        const writer = await files.for(path).create(path);
        await writer.write(new TextEncoder().encode(records.map((record) => `${record}\n`).join("")));
        const { bytes, token } = await writer.close();
        return { file, bytes, token };
      },
    };
  }

  #run(batch: SinkBatch): Promise<Running> {
    const known = this.#running.get(runOf(batch)) ?? this.#begin(batch);
    this.#running.set(runOf(batch), known);
    return known;
  }

  async #begin(batch: SinkBatch): Promise<Running> {
    const saved = deferred<ActionResult>();
    const { graph, planned } = await this.#graph(batch, saved.promise);
    const input: FixedInput = {
      kind: "received",
      blocks: [{ id: blockId("recv/0"), bytes: 10, records: 1, at: ["driver"] }],
      records: 1,
    };
    const inputs = new Map(graph.receivers.map((receiver) => [receiver.input, input]));
    await graph.fixInput(epochMs(batch.time));
    const outcome = graph.runBatch({ time: epochMs(batch.time), inputs, states: new Map() });
    return { staging: await planned, saved, outcome };
  }

  async #graph({ epoch, time }: SinkBatch, saved?: Promise<ActionResult>) {
    const planned = deferred<Location>();
    const job = defineJob({ name: "contract", batchInterval: "1s" }, (ssc) =>
      ssc.iterableStream(() => ["never read"]).saveAsTextFiles(`${this.#directory}/out`, ""),
    );
    const port = portOf(async (directory) => {
      planned.resolve(directory);
      return saved ?? Promise.reject(new Error("a graph that only commits runs nothing"));
    });
    const { registry } = loadInline(job);
    const graph: JobGraph = await buildJob(job, { port, registry, args: [], directory: this.#directory });
    const found = this.#again.get(epoch) === time ? pendingAt(time) : undefined;
    await graph.startBatches(epochMs(0), { id: "5f3a", log: { epoch, found, received: new Map() } });
    return { graph, planned: planned.promise };
  }
}

const runOf = ({ epoch, time }: SinkBatch): string => `${epoch}/${time}`;

const outputsIn = (prepared: readonly Prepared[]): readonly PreparedOutput[] => prepared.filter((one) => "kind" in one);

function pendingAt(time: number): LoggedBatches {
  const pending = { time: epochMs(time), inputs: new Map(), states: new Map(), prepared: undefined, error: undefined };
  return {
    ...{ zeroTime: epochMs(0), committed: { last: epochMs(0), states: new Map() }, remembered: [] },
    ...{ memories: new Map(), memoriesAt: epochMs(0), received: new Map() },
    pending: { ...pending, done: [] },
  };
}

/** @param save Told the hidden directory that the tasks of a plan write to. */
function portOf(save: (staging: Location) => Promise<ActionResult>): EnginePort {
  const nothing = (): void => undefined;
  return {
    defaultParallelism: 1,
    clock: new ManualClock(epochMs(0)),
    files,
    run: ({ stages }) => {
      const directory = stages.at(-1)?.tasks[0]?.output?.directory;
      return directory === undefined ? Promise.reject(new Error("the plan saves nothing")) : save(directory);
    },
    putBlock: () => Promise.reject(new Error("the job puts no blocks")),
    ...{ dropBlocks: nothing, dropShuffles: nothing, write: nothing, watch: nothing, stop: nothing },
    ...{ warn: nothing, warningOver: nothing },
  };
}

describe("files that a stream saves keep the contract of sinks", () => {
  const cases = sinkContract(async () => {
    const directory = await mkdtemp(join(tmpdir(), "millrace-saved-"));
    const job = new SavingJob(directory);
    const names = () => readdir(directory, { recursive: true });
    const isHidden = (name: string): boolean => name.startsWith(".");
    return {
      sink: () => job.sink(),
      record: (n) => `record ${n}`,
      complete: (batch, prepared) => job.complete(batch, prepared),
      visible: async () => {
        const parts = (await names()).filter((name) => !isHidden(name) && /part-\d+$/.test(name));
        const texts = await Promise.all(parts.map((name) => readFile(join(directory, name), "utf8")));
        return texts.flatMap((text) => text.split("\n").filter(Boolean));
      },
      hidden: async () => (await names()).filter(isHidden),
      close: () => rm(directory, { recursive: true }),
    };
  });
  for (const { title, run } of cases) test(title, run);
});
