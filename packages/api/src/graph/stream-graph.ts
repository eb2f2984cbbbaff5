import { assert, type EpochMs, epochMs, type JobConf, type Millis, millis } from "@millrace/base";
import type { Location } from "@millrace/files";
import type {
  FixedInput,
  InputMemory,
  JobParts,
  Lineage,
  LoggedBatches,
  OutputInfo,
  PreparedOutput,
  ReceiverPlan,
  ShuffleId,
} from "@millrace/plan";
import { runAction } from "../action/action.ts";
import type { BatchScope } from "../batch/batch-scope.ts";
import { returnInput, type Trial } from "../batch/failed-input.ts";
import type { JobContext } from "../job/job-context.ts";
import type { EngineEvent } from "../listener/engine-event.ts";
import { JobWatch } from "../listener/job-watch.ts";
import type {
  BatchFailure,
  BatchInputReport,
  BatchOutcome,
  BatchRun,
  Connection,
  FileInput,
  FixedInputs,
  GraphMemory,
  JobGraph,
  JobRun,
  RecalledReceived,
  ReleasedBatches,
} from "../port/graph-port.ts";
import { inputReport } from "../source/input-report.ts";
import {
  asError,
  collect,
  declaredHere,
  fix,
  type LastingPart,
  lookBackIn,
  lookBackOf,
  NOTHING_RETURNED,
  partOf,
  preparedBy,
  settled,
  succeeded,
  trialOf,
} from "./batch-parts.ts";
import type { GraphBuilder, LifePart, Output } from "./graph-builder.ts";
import { connectTo, type Outside } from "./outside.ts";
import { PreparedOutputs } from "./prepared-outputs.ts";
import { lookedBackOn, RecalledBatches, warnOfUnlogged } from "./recalled-batches.ts";
import type { BatchHistory, NamedInput, PolledInput, StreamNode } from "./stream-node.ts";

/** A job's finished graph: makes the RDDs of each batch and runs its outputs. */
export class StreamGraph implements JobGraph, BatchHistory {
  readonly name: string;
  readonly batchIntervalMs: number;
  readonly conf: JobConf;
  readonly checkpointDir: Location;
  readonly logged: boolean;
  readonly receivers: readonly ReceiverPlan[];
  readonly fileInputs: readonly FileInput[];
  readonly parts: JobParts;
  readonly outputs: readonly OutputInfo[];
  readonly stateful: boolean;
  readonly polls: boolean;
  readonly #context: JobContext;
  readonly #outputs: readonly { readonly output: Output; readonly info: OutputInfo }[];
  readonly #outside: readonly Outside[];
  readonly #prepared: PreparedOutputs;
  readonly #states: readonly StreamNode[];
  /** The inputs without a receiver. `input` identifies one; `name` is for people. */
  readonly #inputs: readonly { readonly node: PolledInput; readonly input: string; readonly name: string }[];
  /** Those of them that an output or a state depends on. */
  readonly #fixed: readonly PolledInput[];
  readonly #received: readonly NamedInput[];
  /** Streams that later batches look back on, or that have state: computed in each of their batches. */
  readonly #lasting: readonly StreamNode[];
  /** Those that an output or a state depends on. */
  readonly #streams: readonly StreamNode[];
  /** The age up to which batches are remembered. */
  readonly #rememberMs: number;
  readonly retentionMs: number;
  readonly #scopes = new Map<EpochMs, BatchScope>();
  readonly #life: readonly LifePart[];
  readonly #watch: JobWatch;
  #begun: Promise<void> = Promise.resolve();
  #told: Promise<boolean> | undefined;
  #zeroTime: EpochMs = epochMs(0);
  /** The batch whose input was fixed last, and the one before it. */
  #newest: EpochMs = epochMs(0);
  #lastBatch: EpochMs = epochMs(0);
  /** Batches up to here have been released, if there were any. */
  #releasedUntil: EpochMs = epochMs(0);
  /** The point at which an earlier run ended, until the first batch of this one has. */
  #recalled: RecalledBatches | undefined;

  constructor(name: string, builder: GraphBuilder) {
    this.name = name;
    this.batchIntervalMs = builder.batchIntervalMs;
    this.conf = builder.context.conf;
    this.checkpointDir = builder.checkpointDir;
    this.logged = builder.logged;
    this.#received = builder.received;
    this.receivers = builder.receivers();
    this.fileInputs = builder.fileInputs();
    this.#outputs = builder.outputs.map((output) => ({
      output,
      info: { id: output.id, name: builder.names.outputName(output), label: output.label },
    }));
    this.outputs = this.#outputs.map(({ info }) => info);
    this.#prepared = new PreparedOutputs(name, builder.context, this.#outputs);
    this.#outside = builder.outside();
    this.stateful = builder.stateful;
    this.#states = builder.states;
    this.#inputs = builder.inputs.map((node) => ({
      node,
      input: node.input,
      name: builder.nameOf(node) ?? node.label,
    }));
    this.polls = builder.polls;
    this.#context = builder.context;
    this.#life = builder.life;
    this.#watch = new JobWatch({
      bus: builder.context.listeners,
      receivers: this.receivers,
      inputs: this.#inputs,
      inputsOf: (time) => this.#scopes.get(time)?.inputs ?? new Map(),
      clock: builder.context.port.clock,
    });
    const lookBack = lookBackOf([...builder.outputs.map(({ stream }) => stream), ...builder.states]);
    this.#streams = [...lookBack.keys()];
    this.#lasting = [...lookBack.keys()].filter((node) => node.level !== undefined || builder.states.includes(node));
    this.#fixed = builder.inputs.filter((node) => lookBack.has(node));
    this.#rememberMs = Math.max(builder.rememberMs, ...lookBack.values());
    this.parts = { ...builder.names.parts(), lookBack: lookBackIn(lookBack, this.#rememberMs) };
    const { conf } = this;
    this.retentionMs = Math.max(conf["state.retention.batches"] * this.batchIntervalMs, conf["state.retention.age"]);
  }

  get zeroTime(): EpochMs {
    return this.#zeroTime;
  }

  recalled({ committed, pending, remembered }: LoggedBatches): Pick<LoggedBatches, "remembered" | "pending"> {
    return { remembered: lookedBackOn({ committed, pending, remembered }, this.#rememberMs), pending };
  }

  connect(): Promise<readonly Connection[]> {
    return connectTo(this.#outside);
  }

  startBatches(zeroTime: EpochMs, { id, log }: JobRun = { id: "", log: undefined }): Promise<void> {
    const logged = log?.found;
    const received: RecalledReceived = log?.received ?? new Map();
    this.#zeroTime = zeroTime;
    this.#newest = zeroTime;
    this.#context.begin(this, log?.epoch ?? 0);
    this.#prepared.begin(id);
    const inputs = { polled: this.#inputs.map(({ node }) => node), received: this.#received };
    if (this.logged) warnOfUnlogged(this.#context, inputs);
    const recalled = logged && new RecalledBatches(logged, inputs, { rememberMs: this.#rememberMs, received });
    this.#recalled = recalled;
    if (recalled !== undefined) {
      this.#newest = epochMs(Math.max(zeroTime, recalled.lastBatch));
      this.#releasedUntil = epochMs(Math.max(0, this.#newest - this.#rememberMs));
      recalled.recallInputs();
    }
    this.#begun = (async () => {
      for (const part of this.#life) await part.begin?.();
      if (log !== undefined) await this.#prepared.recover(logged);
      if (recalled !== undefined) await this.#remember(recalled);
      this.#watch.streamingStarted();
    })();
    return this.#begun;
  }

  memory(except: EpochMs | undefined): GraphMemory {
    const memories = new Map<string, InputMemory>();
    for (const { node, input } of this.#inputs) {
      const memory = node.memory?.();
      if (memory !== undefined) memories.set(input, memory);
    }
    const over = [...this.#scopes.values()].filter(({ time }) => time !== except);
    return { memories, remembered: over.map(({ time, inputs, states }) => ({ time, inputs, states })) };
  }

  observe(event: EngineEvent): void {
    this.#watch.observe(event);
  }

  end(error: Error | undefined): Promise<boolean> {
    this.#context.end();
    this.#told ??= Promise.all(this.#life.map((part) => part.end?.(error))).then((all) => all.includes(true));
    return this.#told;
  }

  get lastBatch(): EpochMs {
    return this.#lastBatch;
  }

  get slides(): readonly Millis[] {
    const { batchIntervalMs } = this;
    const slides = new Set(this.#streams.map(({ slideMs }) => slideMs).filter((slide) => slide > batchIntervalMs));
    return [...slides].map((slide) => millis(slide));
  }

  scopeAt(time: EpochMs): BatchScope | undefined {
    return this.#scopes.get(time);
  }

  isSkipped(time: EpochMs): boolean {
    return time > this.#releasedUntil && time <= this.#newest && !this.#scopes.has(time);
  }

  oldestVersionOf(stream: StreamNode): EpochMs | undefined {
    for (const scope of this.#scopes.values()) {
      const state = scope.stateOf(stream);
      if (state !== undefined) return state.versions.before?.batch ?? epochMs(0); // scopes are in order, and versions only rise
    }
    return undefined;
  }

  async fixInput(time: EpochMs): Promise<FixedInputs> {
    const begun = await succeeded(this.#begun); // if not, `runBatch` fails with it
    this.#releaseLate(this.#context.scope);
    const rerun = this.#recalled?.isPending(time) === true;
    const scope = this.#context.beginBatch({ time, history: this, rerun });
    this.#scopes.set(time, scope);
    if (time > this.#newest) [this.#lastBatch, this.#newest] = [this.#newest, time];
    const inputs = new Map<string, FixedInput>();
    if (!begun) return { inputs, more: false };
    for (const node of this.#fixed)
      inputs.set(node.input, this.#recalled?.fixedBefore(time, node) ?? (await fix(node, scope)));
    // One that fails is asked again by the next run.
    const more = this.#fixed.some((node) => inputs.get(node.input)?.kind !== "failed" && node.more?.() === true);
    return { inputs, more };
  }

  async runBatch(run: BatchRun): Promise<BatchOutcome> {
    const { time } = run;
    const scope = this.#scopes.get(time);
    assert(scope !== undefined, `batch ${time} runs without fixed input`);
    scope.begin(run.inputs, run.states);
    const { failures, trials } = await this.#runParts(scope);
    const goesOn = failures.length > 0 && this.conf["batch.failure"] === "continue";
    const returned = goesOn ? this.#returnInput(scope, trials) : NOTHING_RETURNED;
    const inputs = this.#inputs.flatMap(({ node, input, name }): readonly BatchInputReport[] => {
      const report = inputReport(run.inputs.get(input));
      if (report === undefined) return [];
      const { records, files = [] } = report;
      return [{ name, records, files, returned: returned.get(node) ?? 0 }];
    });
    return { time, error: failures[0]?.error, failures, inputs, prepared: preparedBy(scope) };
  }

  commitOutput(time: EpochMs, prepared: PreparedOutput): Promise<void> {
    return this.#prepared.commit(time, prepared);
  }

  discardOutput(time: EpochMs, prepared: PreparedOutput): Promise<void> {
    return this.#prepared.discard(time, prepared);
  }

  async cancelBatch(time: EpochMs): Promise<void> {
    const prepared = this.#scopes.get(time)?.cancel() ?? [];
    await Promise.all(prepared.map((output) => this.discardOutput(time, output)));
  }

  /** Runs all parts of a batch, each whether or not others fail. */
  async #runParts(
    scope: BatchScope,
  ): Promise<{ readonly failures: readonly BatchFailure[]; readonly trials: readonly Trial[] }> {
    try {
      await this.#begun;
    } catch (error) {
      return { failures: [{ part: "job", error: asError(error) }], trials: [] };
    }
    const failures: BatchFailure[] = [];
    const trials: Trial[] = [];
    // All RDDs first, so that functions of transform have returned before any output runs.
    const due: { readonly output: Output; readonly info: OutputInfo; readonly lineage: Lineage }[] = [];
    for (const { output, info } of this.#outputs) {
      if (!scope.has(output.stream) || this.#recalled?.isDone(scope.time, info) === true) continue;
      const error = await collect(failures, partOf(info), async () => {
        due.push({ output, info, lineage: await scope.lineageOf(output.stream) });
      });
      if (error !== undefined) trials.push({ stream: output.stream, error });
    }
    const lasting = this.#lasting.filter((stream) => scope.has(stream));
    for (const stream of lasting) await settled(scope.lineageOf(stream)); // `#computeLasting` reports its failure
    for (const { output, info, lineage } of due) {
      if (scope.cancelled) break;
      const batch = this.#prepared.batchOf(scope.time, info);
      const run = (): Promise<void> => declaredHere(output, output.body(lineage, scope, info, batch));
      const error = await collect(failures, partOf(info), () => this.#watch.output(output, scope.time, run));
      trials.push(trialOf(output.stream, error));
    }
    await scope.settle();
    for (const stream of scope.cancelled ? [] : lasting) {
      const error = await collect(failures, this.#lastingPart(stream), () => this.#computeLasting(stream, scope));
      trials.push(trialOf(stream, error));
    }
    return { failures, trials };
  }

  /** Offers files of a failed batch to the next one where possible. @returns The number of files offered, by input. */
  #returnInput(scope: BatchScope, trials: readonly Trial[]): ReadonlyMap<StreamNode, number> {
    const inputs = this.#inputs.map(({ node }) => node);
    const returned = returnInput(inputs, scope.time, trials);
    if (returned.size === 0) return returned;
    for (const { node, input } of this.#inputs) {
      if (node.rereadable !== undefined && returned.has(node)) scope.replaceInput(input, node.rereadable.left());
    }
    // Sources of the batch may have fewer partitions now, which incomplete shuffles do not match.
    const { written, port } = this.#context;
    const unwritten = scope.takeUnwritten(written.all);
    if (unwritten.length > 0) port.dropShuffles(unwritten);
    return returned;
  }

  /** Makes the RDDs of batches of an earlier run that later ones look back on. Nothing of them is computed yet. */
  async #remember(recalled: RecalledBatches): Promise<void> {
    recalled.warnOfLost(this.#context);
    for (const batch of recalled.remembered) {
      const scope = this.#context.beginBatch({ time: batch.time, history: this });
      this.#scopes.set(batch.time, scope);
      recalled.begin(scope, batch);
      // Where it fails, so does the batch that needs it.
      for (const stream of this.#lasting) if (scope.has(stream)) await settled(scope.lineageOf(stream));
    }
  }

  #lastingPart(stream: StreamNode): LastingPart {
    return { part: this.#states.includes(stream) ? "state" : "stream", name: stream.label };
  }

  release(time: EpochMs, { committed = false }: { readonly committed?: boolean } = {}): ReleasedBatches {
    this.#recalled = undefined; // the first batch to end is the one that was pending
    if (committed) {
      const inputs = this.#scopes.get(time)?.inputs;
      for (const node of this.#fixed) node.committed?.(inputs?.get(node.input));
    }
    const times = [...this.#scopes.keys()].filter((known) => known <= time - this.#rememberMs);
    return { times, shuffles: times.flatMap((old) => this.#forget(old)) };
  }

  /** @returns The shuffles that plans of the batch wrote. */
  #forget(time: EpochMs): readonly ShuffleId[] {
    const scope = this.#scopes.get(time);
    if (scope === undefined) return [];
    this.#scopes.delete(time);
    this.#releasedUntil = time;
    this.#watch.forget(time);
    return this.#drop(scope);
  }

  /**
   * Code of the job may run actions between batches, such as in a timer. They belong to the preceding batch, which may have been
   * forgotten. Their shuffles and blocks are released when the next batch begins, or when they are done.
   */
  #releaseLate(scope: BatchScope | undefined): void {
    if (scope === undefined || this.#scopes.get(scope.time) === scope) return;
    const release = (): void => {
      const shuffles = this.#drop(scope);
      if (shuffles.length > 0) this.#context.port.dropShuffles(shuffles);
    };
    if (scope.idle) release();
    else void scope.settle().then(release);
  }

  /** Releases what a forgotten batch holds. @returns The shuffles that its plans wrote. */
  #drop(scope: BatchScope): readonly ShuffleId[] {
    const { shuffles, blocks } = scope.release();
    for (const shuffle of shuffles) this.#context.written.delete(shuffle);
    if (blocks.length > 0) this.#context.port.dropBlocks(blocks);
    return shuffles;
  }

  /**
   * Computes a stream that later batches build on, in its own batch. State must be brought up to date even if the outputs
   * needed only some of its partitions, or none; and a window's input must be computed while its sources are available.
   */
  async #computeLasting(stream: StreamNode, scope: BatchScope): Promise<void> {
    const target = await scope.lineageOf(stream);
    const state = scope.stateOf(stream);
    const there =
      target.kind === "persisted"
        ? this.#context.isWritten(target.dependency)
        : state === undefined || scope.isCovered(state);
    // No record is requested, so partitions of state need not look at keys that the batch does not touch.
    if (!there) await runAction(this.#context, { name: stream.label, target, sink: { kind: "collect", limit: 0 } });
  }
}
