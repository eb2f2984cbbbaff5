import { type EpochMs, epochMs } from "@millrace/base";
import {
  type BlockId,
  type BlockLevel,
  type CommittedBatches,
  dependency,
  type FixedInput,
  type Lineage,
  type PreparedOutput,
  persisted,
  type ShuffleDependency,
  type ShuffleId,
  type SourceNode,
  type StateHeads,
  type StateNode,
  type StateVersion,
  type StateVersions,
  type UpdatedState,
} from "@millrace/plan";
import { type BatchHistory, type NodeBatch, type StreamNode, whenReady } from "../graph/stream-node.ts";
import type { DriverBroadcast } from "../shared/broadcast.ts";

export interface ScopeOptions {
  readonly time: EpochMs;
  readonly history: BatchHistory;
  /** An earlier run of the job had begun it. */
  readonly rerun?: boolean;
}

/** Everything that belongs to one batch and is released with it. */
export class BatchScope implements NodeBatch {
  readonly time: EpochMs;
  readonly history: BatchHistory;
  /** An earlier run of the job had begun it. */
  readonly rerun: boolean;
  /** The state versions that the batch builds on, known once it runs. A state without a version is empty. */
  #committed: CommittedBatches["states"] = new Map();
  /** The fixed inputs by name; empty until the batch runs. */
  #inputs: ReadonlyMap<string, FixedInput> = new Map();
  /** The RDDs that code of the job returned for inputs: those that are `unlogged` in `#inputs`. */
  readonly #unlogged = new Map<StreamNode, Lineage>();
  /** Shuffles that plans of this batch wrote, and that are dropped with it. */
  readonly #shuffles = new Map<ShuffleId, ShuffleDependency>();
  /** Blocks put at the driver for this batch. */
  #blocks: BlockId[] = [];
  /** Sources whose inputs are dropped with the batch: those blocks, and the blocks received for it. */
  #sources: SourceNode[] = [];
  /** Broadcast variables that plans of this batch use. */
  readonly #broadcasts = new Set<DriverBroadcast<unknown>>();
  /** The stateful operators of this batch, and those whose partitions have all been brought up to it. */
  readonly #states = new Map<StreamNode, StateNode>();
  readonly #covered = new Set<StateNode>();
  /** By operator and partition, what this batch has made of state: `undefined` if it changed nothing. */
  readonly #updated = new Map<string, Map<number, StateVersion | undefined>>();
  /** The writes of its outputs, to be committed with the batch. */
  readonly #prepared: PreparedOutput[] = [];
  #cancelled = false;
  #seeds = 0;
  /** Running actions. */
  readonly #running = new Set<Promise<unknown>>();
  /** Includes failures, so that a refused RDD is not tried again and the job's code is called once. */
  readonly #lineages = new Map<StreamNode, Lineage | Promise<Lineage>>();

  constructor(options: ScopeOptions) {
    this.time = options.time;
    this.history = options.history;
    this.rerun = options.rerun ?? false;
  }

  /** True if a stream has an RDD in this batch. Slides count from the zero time, one interval before the first batch (TM-4 of docs/operations.md). */
  has(stream: StreamNode): boolean {
    return (this.time - this.history.zeroTime) % stream.slideMs === 0;
  }

  /** The RDD of a stream in this batch, made once however many streams and outputs use it. */
  lineageOf(stream: StreamNode): Lineage | Promise<Lineage> {
    const known = this.#lineages.get(stream);
    if (known !== undefined) return known;
    const made = this.#make(stream);
    this.#lineages.set(stream, made);
    return made;
  }

  // ---- input

  /** Starts the batch with its fixed inputs and the state versions that it builds on. */
  begin(inputs: ReadonlyMap<string, FixedInput>, committed: CommittedBatches["states"]): void {
    this.#inputs = inputs;
    this.#committed = committed;
  }

  /** The fixed inputs by name; empty until the batch runs. */
  get inputs(): ReadonlyMap<string, FixedInput> {
    return this.#inputs;
  }

  /** The state versions that the batch builds on. */
  get states(): CommittedBatches["states"] {
    return this.#committed;
  }

  /** A batch that looks back on this one reads something else of an input. */
  replaceInput(name: string, fixed: FixedInput): void {
    this.#inputs = new Map(this.#inputs).set(name, fixed);
  }

  /** Keeps the RDD that code of the job has returned for an input. */
  giveUnlogged(input: StreamNode, lineage: Lineage): void {
    this.#unlogged.set(input, lineage);
  }

  unloggedOf(input: StreamNode): Lineage | undefined {
    return this.#unlogged.get(input);
  }

  /** The next number of the batch's sequence, to derive a seed from. */
  nextSeed(): number {
    return this.#seeds++;
  }

  // ---- state

  /** Adds a stateful operator of this batch. */
  addState(stream: StreamNode, state: StateNode): void {
    this.#states.set(stream, state);
  }

  stateOf(stream: StreamNode): StateNode | undefined {
    return this.#states.get(stream);
  }

  /** Records that every partition of a state has been brought up to this batch. */
  coverState(state: StateNode): void {
    this.#covered.add(state);
  }

  isCovered(state: StateNode): boolean {
    return this.#covered.has(state);
  }

  /** Records what a task has made of a partition of state. A later one of the same partition replaces it. */
  updateState({ operator, partition, version }: UpdatedState): void {
    const known = this.#updated.get(operator);
    if (known === undefined) this.#updated.set(operator, new Map([[partition, version]]));
    else known.set(partition, version);
  }

  /** By name, the states whose partitions have all been brought up to this batch. */
  get coveredStates(): ReadonlyMap<string, StateHeads> {
    const covered = [...this.#states.values()].filter((state) => this.#covered.has(state));
    return new Map(covered.map((state) => [state.operator, this.#headsOf(state)]));
  }

  #headsOf({ operator, versions: { before } }: StateNode): StateHeads {
    const updated = [...(this.#updated.get(operator) ?? [])];
    const heads = new Array<StateVersion | undefined>(updated.length).fill(undefined);
    for (const [partition, version] of updated) heads[partition] = version ?? before?.heads[partition];
    return { batch: this.time, partitions: heads.length, heads };
  }

  /** The versions of a stream's state before this batch. @param name The name of the state. */
  versionsOf(stream: StreamNode, name: string): StateVersions {
    const before = this.#committed.get(name);
    const needed = this.history.oldestVersionOf(stream) ?? before?.batch ?? epochMs(0);
    const kept = Math.max(0, this.time - this.history.retentionMs);
    return { before, oldest: epochMs(Math.min(needed, kept)), batch: this.time };
  }

  // ---- actions

  /** Adds an action that runs in this batch until the promise settles. */
  addAction(running: Promise<unknown>): void {
    this.#running.add(running);
    const done = (): void => void this.#running.delete(running);
    running.then(done, done);
  }

  /** True if no action of this batch is running. */
  get idle(): boolean {
    return this.#running.size === 0;
  }

  /** Waits for the actions that the job did not await. Ignores their errors, which are the job's to handle. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }

  /** Adds writes of an output that become visible when the batch is committed. */
  addPrepared(output: PreparedOutput): void {
    this.#prepared.push(output);
  }

  get preparedOutputs(): readonly PreparedOutput[] {
    return this.#prepared;
  }

  /** True if the batch was cancelled: no further part of it starts. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Cancels the batch. @returns The writes that its outputs have prepared so far; the batch no longer has them. */
  cancel(): readonly PreparedOutput[] {
    this.#cancelled = true;
    return this.#prepared.splice(0);
  }

  // ---- release

  /** Has a source forget its inputs when the batch is released. @param blocks The blocks put at the driver for it. */
  ownSource(node: SourceNode, blocks: readonly BlockId[] = []): void {
    this.#sources.push(node);
    this.#blocks.push(...blocks);
  }

  /** Adds a shuffle that a plan of this batch writes. */
  ownShuffle(id: ShuffleId, dependency: ShuffleDependency): void {
    this.#shuffles.set(id, dependency);
  }

  /** Removes a shuffle that is dropped before the batch is. */
  disownShuffle(id: ShuffleId): void {
    this.#shuffles.delete(id);
  }

  /** Removes and returns the shuffles that were begun but not completely written. */
  takeUnwritten(written: ReadonlySet<ShuffleId>): readonly ShuffleId[] {
    const unwritten = [...this.#shuffles].filter(([id]) => !written.has(id));
    for (const [id, dependency] of unwritten) {
      dependency.id = undefined;
      this.#shuffles.delete(id);
    }
    return unwritten.map(([id]) => id);
  }

  /** Releases everything that the batch holds. @returns The shuffles and blocks that the engine is to drop. */
  release(): { readonly shuffles: readonly ShuffleId[]; readonly blocks: readonly BlockId[] } {
    const shuffles = [...this.#shuffles.keys()];
    for (const dependency of this.#shuffles.values()) {
      dependency.id = undefined; // if the job has kept the RDD, it is shuffled again under a new id
    }
    this.#shuffles.clear();
    for (const source of this.#sources) source.inputs = undefined;
    this.#sources = [];
    for (const broadcast of this.#broadcasts) broadcast.release();
    this.#broadcasts.clear();
    const blocks = this.#blocks;
    this.#blocks = [];
    return { shuffles, blocks };
  }

  /** Holds a broadcast variable that a plan of this batch uses. */
  holdBroadcast(broadcast: DriverBroadcast<unknown>): void {
    if (this.#broadcasts.has(broadcast)) return;
    this.#broadcasts.add(broadcast);
    broadcast.hold();
  }

  /** Keeps the broadcast variables of this batch for as long as the job runs, because lasting output may have to be recomputed. */
  keepBroadcasts(): void {
    for (const broadcast of this.#broadcasts) broadcast.lasting = true;
  }

  #make(stream: StreamNode): Lineage | Promise<Lineage> {
    const { level } = stream;
    try {
      const computed = stream.compute(this);
      return level === undefined ? computed : whenReady(computed, (lineage) => kept(lineage, level, stream.label));
    } catch (error) {
      const failed = Promise.reject<Lineage>(error);
      failed.catch(() => undefined); // every caller gets the rejection
      return failed;
    }
  }
}

/** Persists a lineage, unless it is a source of blocks, which are kept anyway. */
function kept(lineage: Lineage, level: BlockLevel, label: string): Lineage {
  if (lineage.kind === "persisted" || (lineage.kind === "source" && lineage.format === "blocks")) return lineage;
  return persisted(dependency(lineage, false), level, label);
}
