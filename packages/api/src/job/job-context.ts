import type { JobConf, Warning } from "@millrace/base";
import { decodeValue, hashKey } from "@millrace/codec";
import type { FunctionRef } from "@millrace/operators";
import {
  type BlockLocation,
  blockId,
  dependency,
  type Lineage,
  PARTITIONS_MAX,
  Planner,
  type ShuffleDependency,
} from "@millrace/plan";
import { WrittenShuffles } from "../action/written-shuffles.ts";
import { BatchScope, type ScopeOptions } from "../batch/batch-scope.ts";
import { actionTooEarly, graphClosed } from "../errors.ts";
import { CaptureEncoder } from "../function/capture-encoder.ts";
import type { JobRegistry } from "../function/job-registry.ts";
import type { AccumulatorUpdate } from "../function/task-context.ts";
import type { Outside } from "../graph/outside.ts";
import type { BatchHistory } from "../graph/stream-node.ts";
import { ListenerBus } from "../listener/listener-bus.ts";
import type { EnginePort } from "../port/engine-port.ts";
import { AccumulatorHome, titleOf } from "../shared/accumulator.ts";
import type { AccumulatorKind, AnySpec } from "../shared/accumulator-kinds.ts";
import { Broadcast, DriverBroadcast } from "../shared/broadcast.ts";
import { capturesLarge, stoppedInBuild } from "../warnings.ts";

/** Captured values are sent with every batch; above this size the cost deserves a warning. */
const CAPTURES_WARN_BYTES = 1024 * 1024;

/** The public names of the phases of a job. */
export const JOB_STATES = { building: "INITIALIZED", running: "ACTIVE", stopped: "STOPPED" } as const;

/** The output of a `print()` in a batch. */
interface Printed {
  /** The name given with `named`, otherwise the label of the stream. */
  readonly stream: string;
  /** All records of the batch, in partition order. Runs another action if not all of them were printed. */
  records(): Promise<readonly unknown[]>;
}

/** Called after a `print()`; the output waits for it. */
export type OnPrint = (printed: Printed) => Promise<void>;

/**
 * The state that the objects of a job share on the driver: the engine's port, the registry of functions, and the current
 * batch. Internal.
 *
 * `building`: streams may be declared, and actions may not run. `running`: the other way round. `stopped`: no batch follows.
 */
export class JobContext {
  readonly port: EnginePort;
  readonly conf: JobConf;
  readonly registry: JobRegistry;
  readonly onPrint: OnPrint | undefined;
  readonly planner: Planner;
  readonly captures: CaptureEncoder;
  readonly listeners: ListenerBus;
  readonly written = new WrittenShuffles();
  #phase: "building" | "running" | "stopped" = "building";
  #scope: BatchScope | undefined;
  #history: BatchHistory | undefined;
  #epoch = 0;
  readonly #outside: Outside[] = [];
  /** Names that the author gave to RDDs. */
  readonly #names = new WeakMap<Lineage, string>();
  /** Functions with captured variables that had no value yet when the function was passed to an operator. */
  #unchecked: FunctionRef[] = [];
  readonly #checked = new WeakSet<FunctionRef>();
  readonly #broadcasts = new WeakMap<Broadcast<unknown>, DriverBroadcast<unknown>>();
  /** Weak, since a job may create accumulators in every batch: those that it drops are collected. */
  readonly #accumulators = new Map<number, WeakRef<AccumulatorHome>>();
  readonly #droppedAccumulators = new FinalizationRegistry<number>((id) => this.#accumulators.delete(id));
  readonly #droppedBroadcasts = new FinalizationRegistry<DriverBroadcast<unknown>>((backing) =>
    backing.onUnreachable(),
  );
  readonly #warnedOf = new Set<string>();
  #seeds = 0;
  #nextRdd = 0;
  #nextBroadcast = 0;
  #nextAccumulator = 0;
  #nextBlock = 0;

  constructor(options: {
    readonly port: EnginePort;
    readonly conf: JobConf;
    readonly registry: JobRegistry;
    readonly onPrint?: OnPrint | undefined;
  }) {
    this.port = options.port;
    this.conf = options.conf;
    this.registry = options.registry;
    this.onPrint = options.onPrint;
    this.listeners = new ListenerBus({
      warn: (warning) => this.warnOnce(warning),
      watch: (on) => this.port.watch(on),
    });
    this.captures = new CaptureEncoder(options.registry, {
      broadcasts: this.#broadcasts,
      onUse: (broadcast) => this.#scope?.holdBroadcast(broadcast),
    });
    this.planner = new Planner({
      defaultPartitions: this.conf["default.parallelism"],
      encodeCaptures: (functions) => {
        const encoded = this.captures.encode(functions);
        if (encoded.bytes.length > CAPTURES_WARN_BYTES) this.#warnLarge(functions, encoded.bytes.length);
        return encoded;
      },
    });
  }

  get phase(): "building" | "running" | "stopped" {
    return this.#phase;
  }

  /** True while `build` runs. Objects created then belong to no batch and stay for as long as the job runs. */
  get building(): boolean {
    return this.#phase === "building";
  }

  /** The current batch, or the last one between two batches. */
  get scope(): BatchScope | undefined {
    return this.#scope;
  }

  /** The remembered batches; `undefined` while `build` runs. */
  get history(): BatchHistory | undefined {
    return this.#history;
  }

  /** That of this run in the batch log of the job; 0 without one. */
  get epoch(): number {
    return this.#epoch;
  }

  /** What the job's `build` reads or writes outside, in the order of declaration. */
  get outside(): readonly Outside[] {
    return this.#outside;
  }

  /** Of an RDD of a batch, nothing is noted. */
  addOutside(one: Outside): void {
    if (this.building) this.#outside.push(one);
  }

  /** Names an RDD. */
  nameRdd(lineage: Lineage, name: string): void {
    this.#names.set(lineage, name);
  }

  /** The name that the author gave to an RDD. */
  nameOf(lineage: Lineage): string | undefined {
    return this.#names.get(lineage);
  }

  /** The default number of partitions of collections and of shuffles of streams. @throws ACTION_TOO_EARLY In `build`. */
  get defaultParallelism(): number {
    const n = this.conf["default.parallelism"] || this.port.defaultParallelism;
    if (n > 0) return Math.min(n, PARTITIONS_MAX);
    throw actionTooEarly(
      "the default parallelism was requested while the graph is built, before the cluster is known. " +
        "Read it in transform or foreachRDD, or set default.parallelism.",
    );
  }

  /** @throws GRAPH_CLOSED The batches have begun. */
  requireBuilding(what: string): void {
    if (this.building) return;
    throw graphClosed(
      `${what} was called after the job had started. The graph of streams cannot change then. ` +
        "Declare streams in build; inside transform and foreachRDD, use the operations of the RDD.",
    );
  }

  /** The batch that an action belongs to. @throws ACTION_TOO_EARLY There is none yet. */
  requireBatch(what: string): BatchScope {
    if (this.#scope !== undefined) return this.#scope;
    throw actionTooEarly(
      `${what} was called while the graph is built, before there is a cluster to run it. ` +
        "Run actions inside transform or foreachRDD, where each belongs to a batch.",
    );
  }

  /** @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE */
  ship(fn: unknown, operator: string): FunctionRef {
    return this.checked(this.registry.ship(fn, operator));
  }

  /** Checks the captures of a function as far as their values are known. @throws CAPTURE_NOT_SHIPPABLE */
  checked(ref: FunctionRef): FunctionRef {
    if (ref.captures === undefined) return ref;
    const { building } = this;
    if (building && this.#checked.has(ref)) return ref;
    if (!this.captures.check(ref, building)) this.#unchecked.push(ref);
    else if (building) this.#checked.add(ref);
    return ref;
  }

  /** Checks the captures that had no value before. @throws CAPTURE_NOT_SHIPPABLE, and the error of a variable still without a value. */
  checkTheRest(): void {
    const rest = this.#unchecked;
    this.#unchecked = [];
    for (const ref of rest) {
      if (!this.captures.check(ref, true)) ref.captures?.(); // throws the same ReferenceError again
    }
  }

  dependency(parent: Lineage): ShuffleDependency {
    return dependency(parent, this.building);
  }

  /** A seed for a random operation without one; a batch that runs again gets the same seeds. */
  nextSeed(): number {
    const scope = this.#scope;
    return hashKey([scope?.time ?? 0, scope === undefined ? this.#seeds++ : scope.nextSeed()]);
  }

  nextRddId(): number {
    return this.#nextRdd++;
  }

  broadcast<T>(value: T): Broadcast<T> {
    const id = this.#nextBroadcast++;
    const backing = new DriverBroadcast<T>(id, value, {
      lasting: this.building,
      store: {
        encode: (v) => this.captures.encodeValue(v, "a broadcast variable's value"),
        put: (name, parts) => this.port.putBlock(name, parts),
        drop: (blocks) => this.port.dropBlocks(blocks),
      },
    });
    const broadcast = new Broadcast<T>(id, backing);
    this.#broadcasts.set(broadcast, backing);
    this.#droppedBroadcasts.register(broadcast, backing);
    return broadcast;
  }

  /** Creates the total of an accumulator, which lives for as long as the job keeps the accumulator. */
  newAccumulator(kind: AccumulatorKind, name: string | undefined, spec: AnySpec) {
    const id = this.#nextAccumulator++;
    const home = new AccumulatorHome(titleOf({ id, kind, name }), spec);
    this.#accumulators.set(id, new WeakRef(home));
    this.#droppedAccumulators.register(home, id);
    return { identity: { id, kind, name, spec }, home };
  }

  /** Merges the updates of tasks: for each task, the encoded updates of its scope. */
  mergeAccumulators(encoded: readonly Uint8Array[]): void {
    for (const bytes of encoded) {
      if (bytes.length === 0) continue;
      // Written by `TaskScope.updates` on an executor of this job.
      const updates = decodeValue(bytes, this.registry.classes) as readonly AccumulatorUpdate[];
      for (const [id, , share] of updates) this.#accumulators.get(id)?.deref()?.merge(share);
    }
  }

  /** Keeps frames at the driver, as a block for executors to fetch. */
  putBlock(frames: readonly Uint8Array[]): Promise<BlockLocation> {
    return this.port.putBlock(blockId(`driver/${this.#nextBlock++}`), frames);
  }

  /** Enters the phase `running`: the graph is complete. */
  begin(history: BatchHistory, epoch: number): void {
    this.#phase = "running";
    this.#epoch = epoch;
    this.#history = history;
  }

  /** `ssc.stop`. During `build` it keeps the job from starting, with a warning to the operator. */
  stop(graceful: boolean): void {
    if (this.building) {
      this.port.warn(
        stoppedInBuild(
          "",
          "ssc.stop() was called while the graph is built: the job ends before its first batch, as finished.",
        ),
      );
    }
    this.port.stop(graceful);
  }

  /** Enters the phase `stopped`: no batch follows. */
  end(): void {
    this.#phase = "stopped";
  }

  /** Drops the output of a shuffle before its batch is released. */
  dropOutput(dependency: ShuffleDependency): void {
    const { id } = dependency;
    if (id === undefined) return;
    this.written.delete(id);
    this.#scope?.disownShuffle(id);
    dependency.id = undefined;
    this.port.dropShuffles([id]);
  }

  /** True if the output of a shuffle exists. */
  isWritten({ id }: ShuffleDependency): boolean {
    return id !== undefined && this.written.has(id);
  }

  beginBatch(options: ScopeOptions): BatchScope {
    this.#scope = new BatchScope(options);
    return this.#scope;
  }

  warnOnce(warning: Warning): void {
    const { message } = warning;
    if (this.#warnedOf.has(message)) return;
    if (this.#warnedOf.size >= 1000) this.#warnedOf.clear(); // repeating a warning is better than an unbounded set
    this.#warnedOf.add(message);
    this.port.warn(warning);
  }

  #warnLarge(functions: readonly FunctionRef[], bytes: number): void {
    const ids = functions.filter((fn) => fn.captures !== undefined).map((fn) => fn.id);
    const key = `captures ${ids.join(" ")}`;
    if (this.#warnedOf.has(key)) return;
    this.#warnedOf.add(key);
    const names = [...new Set(functions.flatMap((fn) => fn.names))].map((name) => `"${name}"`).join(", ");
    this.port.warn(
      capturesLarge(
        names,
        `the captured values of one stage (${names}) take ${bytes} bytes, which are sent again with every batch. Use ssc.broadcast(value) for large values.`,
      ),
    );
  }
}
