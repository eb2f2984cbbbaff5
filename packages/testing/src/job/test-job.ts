import type { JobDefinition } from "@millrace/api";
import { buildJob, type JobGraph } from "@millrace/api/engine";
import {
  clauseOf,
  type DurationLike,
  type EpochMs,
  epochMs,
  fromWireError,
  ManualClock,
  millis,
  parseDuration,
} from "@millrace/base";
import { BatchShell, commitOutputs, discardOutputs, toWireOutcome } from "@millrace/driver/in-process";
import { JOB_BEHIND } from "@millrace/scheduler";
import { atMost } from "./at-most.ts";
import { pointToAuthor } from "./author-stack.ts";
import { testJobEnded, testPrintUnknown } from "./errors.ts";
import type { Faults } from "./faults.ts";
import { Feeds } from "./feeds.ts";
import { InThreadEngine, patient } from "./in-thread-engine.ts";
import { JobConsole } from "./job-console.ts";
import { type LoadedJob, loadFile, loadInline } from "./load-job.ts";
import { Scratch } from "./scratch.ts";
import { TestInputs } from "./test-inputs.ts";

/** The time the job's code may take to handle the end, by the machine's clock. */
const END_MS = 5_000;

/** Options for running a job in a test. */
export interface TestJobOptions {
  /** The arguments of `build`: those after `--` on the command line. */
  readonly args?: readonly string[];
  /** Settings, as with `--conf`; they override the job's own. */
  readonly conf?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Default number of partitions of shuffles and collections, in place of a cluster's slots. 1 by default, so that the
   * order of results is predictable; use more to check that a job does not rely on it.
   */
  readonly parallelism?: number;
  /**
   * Start of the virtual clock: a date, or ms since the epoch. 0 by default, so that batches are at one interval, two,
   * and so on.
   */
  readonly startTime?: number | Date;
}

type Started = { readonly batches: BatchShell; readonly graph: JobGraph; readonly feeds: Feeds };
type End = { readonly kind: "open" } | { readonly kind: "ended"; readonly reason: string; readonly cause?: Error };
type FaultyJob = LoadedJob & { readonly faults: Faults | undefined };

/**
 * Starts a job for a test: in this thread, in virtual time, without ports or processes. It runs on the real engine:
 * planned, scheduled and compiled as on a cluster, with each record encoded and decoded at each shuffle.
 *
 * @param job The path or URL of the job's file: bundled, its functions lifted and their captures checked as `submit`
 *   does. Or the job itself, the result of `defineJob`: its functions run as they are, which starts at once.
 * @throws Errors of the job's `build` and, for a file, all errors of `millrace check` except type errors.
 *
 * Time: about 10 ms for a job itself; 400 more for a file, or 50 while it and its imports are unchanged.
 */
export async function testJob(job: JobDefinition | string | URL, options: TestJobOptions = {}): Promise<TestJob> {
  return testJobUnder(undefined, job, options);
}

/** Like {@link testJob}, with faults in the engine; given a file, the job's own functions do not fail. */
export async function testJobUnder(
  faults: Faults | undefined,
  job: JobDefinition | string | URL,
  options: TestJobOptions,
): Promise<TestJob> {
  const scratch = new Scratch();
  try {
    const loaded =
      typeof job === "string" || job instanceof URL ? await loadFile(job, scratch) : loadInline(job, faults);
    return await TestJob.start({ ...loaded, faults }, scratch, options);
  } catch (error) {
    scratch.remove();
    throw error;
  }
}

/** A job under test. Time moves only by `advance`. */
export class TestJob {
  readonly #clock: ManualClock;
  readonly #scratch: Scratch;
  readonly #engine: InThreadEngine;
  readonly #console = new JobConsole();
  readonly #warnings: string[] = [];
  readonly #inputs = new TestInputs();
  #started: Started | undefined;
  /** The job has listeners. */
  #watched = false;
  #text = "";
  #batches = 0;
  #prints: { readonly stream: string; readonly records: readonly unknown[] }[] = [];
  #end: End = { kind: "open" };
  #running: Promise<void> = Promise.resolve();
  #committing: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  #advancing: Promise<void> = Promise.resolve();

  /** Made by {@link testJob}. */
  static async start(loaded: FaultyJob, scratch: Scratch, options: TestJobOptions): Promise<TestJob> {
    const job = new TestJob(loaded, scratch, options);
    try {
      await job.#start(loaded, options);
      return job;
    } catch (error) {
      job.#console.close();
      throw error;
    }
  }

  private constructor(loaded: FaultyJob, scratch: Scratch, options: TestJobOptions) {
    const { startTime = 0, parallelism = 1 } = options;
    this.#clock = new ManualClock(epochMs(Number(startTime)));
    this.#scratch = scratch;
    this.#engine = new InThreadEngine({
      clock: this.#clock,
      functions: loaded.functions,
      faults: loaded.faults,
      parallelism,
      scratch,
      write: (text) => {
        this.#text += text;
      },
      warn: ({ message }) => this.#warnings.push(message),
      watch: (on) => {
        this.#watched = on;
      },
      stop: (graceful) => this.#started?.batches.dispatch({ type: graceful ? "stopRequested" : "stopNow" }),
    });
  }

  /** The virtual time, in epoch ms; within a batch, its batch time. */
  get time(): number {
    return this.#clock.now();
  }

  /**
   * The names that `feed` accepts: sockets as `host:port`; others, such as directories, by the name given with `named`
   * or their operator's.
   */
  get sources(): readonly string[] {
    return this.#started?.feeds.names ?? [];
  }

  /** Everything that `print()` has written so far, banners included. */
  get output(): string {
    return this.#text;
  }

  /** The job's console output so far, on the driver and in tasks: one string per call. */
  get log(): readonly string[] {
    return this.#console.lines;
  }

  /** The engine's warnings to the operator so far. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /**
   * Replaces a source until the next batch, which receives these records after those of earlier calls. Each call is a
   * block or a file of its own, and so a partition.
   *
   * @param source `"localhost:9999"`, the directory of a file stream, the name given with `named()`, or the number of a
   *   receiver.
   * @param records Lines for `socketTextStream` and `textFileStream`; bytes for other streams of files, together one
   *   file; for others, the records that the decoder or receiver would have produced.
   * @throws TEST_SOURCE_UNKNOWN, TEST_FEED_REFUSED, RECORD_NOT_ENCODABLE, TEST_JOB_ENDED
   */
  feed(source: string | number, records: Iterable<unknown>): void {
    this.#open("feed").feeds.feed(source, records);
  }

  /**
   * Advances time and runs exactly the batches that come due, one after the other. Returns when they are done.
   *
   * @throws The error of a failed batch, as the job's operator would see it, with the author's error as its last cause
   *   if the job's code threw. The job has then ended, unless `batch.failure` is `continue`.
   * @throws TEST_JOB_ENDED The job had already ended.
   */
  advance(by: DurationLike): Promise<void> {
    const ms = parseDuration(by, "the time to advance by");
    const advanced = this.#advancing.then(() => this.#advanceTo(this.#clock.now() + ms));
    this.#advancing = advanced.catch(() => undefined);
    return advanced;
  }

  /**
   * The records that a `print()` received in the last batch, in partition order: all of them, although it shows 10.
   *
   * @param which If the job prints more than one stream: the name given with `named()`, the operator's name, or its
   *   position among the job's prints, from 0.
   * @throws TEST_PRINT_UNKNOWN There is no such print, or more than one and none was named.
   */
  printed(which?: string | number): unknown[] {
    if (this.#batches === 0) return [];
    const found = this.#prints.filter(
      ({ stream }, i) => which === undefined || which === i || (typeof which === "string" && which === stream),
    );
    const [only] = found;
    if (only !== undefined && found.length === 1) return [...only.records];
    throw this.#noSuchPrint(which, found.length);
  }

  /** Ends the job and removes its files. A running batch is cut short. Harmless if the job has ended. */
  async stop(): Promise<void> {
    this.#ended("it was stopped by the test");
    this.#started?.batches.dispatch({ type: "stopNow" });
    await this.#settled();
    await atMost(END_MS, this.#tell());
    await atMost(END_MS, this.#engine.close());
    this.#console.close();
    this.#scratch.remove();
  }

  /** Like `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start({ exported, registry }: LoadedJob, options: TestJobOptions): Promise<void> {
    const graph = await this.#console.run(() =>
      buildJob(exported, {
        port: this.#engine,
        registry,
        args: options.args ?? [],
        conf: options.conf ?? {},
        directory: this.#scratch.folder("checkpoint"),
        onPrint: async ({ stream, records }) => {
          // The job's code runs again for records that were not shown; its output is not recorded twice.
          this.#prints.push({ stream, records: await this.#console.muted(records) });
        },
      }),
    );
    this.#engine.begin(graph.conf);
    for (const input of graph.fileInputs) this.#engine.testFiles.knowAsOld((await input.list()) ?? []);
    const feeds = new Feeds(graph.receivers, graph.fileInputs, {
      classes: registry.classes,
      resolve: (path) => this.#engine.files.parse(path),
      putFile: (directory, content) => this.#engine.testFiles.feed(directory, content),
      put: (id, frames) => this.#engine.put(id, frames),
    });
    const batches = this.#newBatches(graph, feeds);
    this.#started = { batches, graph, feeds };
    batches.start();
    await this.#running;
  }

  #newBatches(graph: JobGraph, feeds: Feeds): BatchShell {
    const batches: BatchShell = new BatchShell(
      {
        conf: patient(graph.conf),
        batchIntervalMs: graph.batchIntervalMs,
        receivers: graph.receivers,
        batches: undefined,
        polls: graph.polls,
        clock: this.#clock,
      },
      {
        begin: (zeroTime) => this.#run(this.#console.run(() => graph.startBatches(zeroTime))),
        ...{ waiting: () => undefined, changed: () => undefined }, // a test waits for its batches
        allocate: (time) => {
          this.#inputs.allocate(time, feeds.take());
          batches.onAllocated(time);
        },
        fixInput: (time) => this.#run(this.#fixInput(time)),
        runBatch: (time) => this.#run(this.#runBatch(time)),
        records: (time) => this.#inputs.records(time),
        commit: (time, outputs) => {
          const committed = this.#console.run(() => commitOutputs(graph, time, outputs));
          this.#committing = committed.then((refused) => batches.onCommitted(time, refused));
        },
        discard: (time, outputs) => this.#discard(() => discardOutputs(graph, time, outputs)),
        cancelBatch: (time) => {
          this.#discard(() => graph.cancelBatch(time));
          this.#engine.cancel(time);
        },
        batchEnded: (time, error) => {
          if (error !== undefined) this.#failure ??= fromWireError(error); // the commit of an output failed
          this.#release(graph, time, error === undefined);
        },
        stopReceivers: () => batches.onReceiversStopped(feeds.waiting),
        awaitReceivers: () => {},
        figures: (time) => this.#engine.figures(time),
        report: () => {},
        // The test controls time: its batches are as late as it makes them.
        warn: ({ code, message }) => void (code !== JOB_BEHIND && this.#warnings.push(message)),
        warningOver: () => {},
        observe: (event) => {
          if (this.#watched) this.#console.run(() => graph.observe(event));
        },
        batchesEnded: (end) => {
          if (end.kind !== "failed") return this.#ended("the job stopped itself");
          const { error } = end;
          this.#ended(`a batch failed: ${clauseOf(error.message)}`, this.#failure ?? fromWireError(error));
        },
      },
    );
    return batches;
  }

  /** Tells the job's code that the job is over. */
  async #tell(): Promise<void> {
    const cause = this.#end.kind === "ended" ? this.#end.cause : undefined;
    await this.#console.run(() => this.#started?.graph.end(cause));
  }

  #run(work: Promise<void>): void {
    this.#running = work;
  }

  async #fixInput(time: EpochMs): Promise<void> {
    const { graph, batches } = this.#open("a batch");
    const { inputs, more } = await this.#console.run(() => graph.fixInput(time));
    this.#inputs.fix(inputs);
    batches.onInputFixed(time, more);
  }

  async #runBatch(time: EpochMs): Promise<void> {
    const { graph, batches } = this.#open("a batch");
    const run = { ...this.#inputs.input(time, graph.receivers), states: batches.committed.states };
    this.#prints = [];
    this.#batches += 1;
    const outcome = await this.#console.run(() => graph.runBatch(run));
    this.#failure = outcome.error;
    batches.onOutputsDone(time, toWireOutcome(outcome));
    await this.#commits();
  }

  /** Until nothing that outputs have prepared is being committed, or discarded. */
  async #commits(): Promise<void> {
    for (let work: unknown; work !== this.#committing; await work) work = this.#committing;
  }

  #discard(work: () => Promise<void>): void {
    this.#committing = Promise.all([this.#committing, this.#console.run(work)]);
  }

  #release(graph: JobGraph, time: EpochMs, committed: boolean): void {
    this.#engine.forget(time);
    const { times, shuffles } = graph.release(time, { committed });
    this.#engine.dropShuffles(shuffles);
    for (const old of times) this.#engine.dropBlocks(this.#inputs.release(old));
  }

  async #advanceTo(end: number): Promise<void> {
    const { graph } = this.#open("advance");
    const interval = graph.batchIntervalMs;
    for (;;) {
      const now = this.#clock.now();
      const next = (Math.floor(now / interval) + 1) * interval;
      if (next > end || this.#end.kind === "ended") break;
      this.#clock.advance(millis(next - now));
      await this.#settled();
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure === undefined) continue;
      pointToAuthor(failure);
      throw failure;
    }
    this.#clock.advance(millis(end - this.#clock.now()));
  }

  /** Waits until no batch runs: a job that stops itself runs a last one at once. */
  async #settled(): Promise<void> {
    for (let running: Promise<void> | undefined; running !== this.#running; ) {
      running = this.#running;
      await running;
    }
  }

  #open(what: string): Started {
    if (this.#end.kind === "open" && this.#started !== undefined) return this.#started;
    const { reason, cause } =
      this.#end.kind === "ended" ? this.#end : { reason: "it has not started", cause: undefined };
    throw testJobEnded(
      `${what} was called on a job that has ended: ${reason}. Nothing is done. Start another with testJob; batch.failure=continue lets a job go on after a failed batch.`,
      cause === undefined ? {} : { cause },
    );
  }

  #ended(reason: string, cause?: Error): void {
    if (this.#end.kind === "open") this.#end = { kind: "ended", reason, ...(cause === undefined ? {} : { cause }) };
  }

  #noSuchPrint(which: string | number | undefined, found: number): Error {
    const known = this.#prints.map(({ stream }, i) => `${i}: ${JSON.stringify(stream)}`).join(", ");
    if (this.#prints.length === 0) {
      return testPrintUnknown("printed() was called, but no print() ran in the last batch. End a stream with print().");
    }
    const what =
      which === undefined
        ? `the job has ${found} prints, and none was named`
        : `${found} prints are called ${JSON.stringify(which)}`;
    return testPrintUnknown(`${what}. The last batch had ${known}. Name one by its stream or its position.`);
  }
}
