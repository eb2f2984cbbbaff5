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
  type StateNode,
  type StateVersions,
} from "@millrace/plan";
import { type BatchHistory, type NodeBatch, type StreamNode, whenReady } from "../graph/stream-node.ts";
import type { DriverBroadcast } from "../shared/broadcast.ts";

export interface ScopeOptions {
  readonly time: EpochMs;
  readonly history: BatchHistory;
}

/** What belongs to one batch, and goes with it. */
export class BatchScope implements NodeBatch {
  readonly time: EpochMs;
  readonly history: BatchHistory;
  /** The states' versions that the batch builds on; a state that is not there is empty. Known when the batch runs. */
  #committed: CommittedBatches["states"] = new Map();
  /** By name; none before all of them are fixed. */
  #inputs: ReadonlyMap<string, FixedInput> = new Map();
  /** RDDs that inputs were given by code of the job: what is `unlogged` in `#inputs`. */
  readonly #unlogged = new Map<StreamNode, Lineage>();
  /** Shuffles that plans of this batch wrote and that go with it. */
  readonly #shuffles = new Map<ShuffleId, ShuffleDependency>();
  /** Blocks put at the driver for this batch. */
  #blocks: BlockId[] = [];
  /** Sources whose inputs go with it: those blocks, and what was received for it. */
  #sources: SourceNode[] = [];
  /** Broadcast variables that plans of this batch use. */
  readonly #broadcasts = new Set<DriverBroadcast<unknown>>();
  /** Stateful operators of this batch, and those of which every partition has been brought up to it. */
  readonly #states = new Map<StreamNode, StateNode>();
  readonly #covered = new Set<StateNode>();
  /** What its outputs have written, for its commit. */
  readonly #prepared: PreparedOutput[] = [];
  #cancelled = false;
  #seeds = 0;
  /** Actions that run. */
  readonly #running = new Set<Promise<unknown>>();
  /** Those that could not be made too: what was refused once is not tried again, and the job's code is called once. */
  readonly #lineages = new Map<StreamNode, Lineage | Promise<Lineage>>();

  constructor(options: ScopeOptions) {
    this.time = options.time;
    this.history = options.history;
  }

  /** Whether a stream has an RDD in this batch. Slides count from the time before the first batch (TM-4 of docs/operations.md). */
  has(stream: StreamNode): boolean {
    return (this.time - this.history.zeroTime) % stream.slideMs === 0;
  }

  /** The RDD of a stream in this batch: made once, however many streams and outputs use it. */
  lineageOf(stream: StreamNode): Lineage | Promise<Lineage> {
    const known = this.#lineages.get(stream);
    if (known !== undefined) return known;
    const made = this.#make(stream);
    this.#lineages.set(stream, made);
    return made;
  }

  // ---- what it reads

  /** The batch runs: on these inputs, and on these versions of states. */
  begin(inputs: ReadonlyMap<string, FixedInput>, committed: CommittedBatches["states"]): void {
    this.#inputs = inputs;
    this.#committed = committed;
  }

  /** By name; none before the batch runs. */
  get inputs(): ReadonlyMap<string, FixedInput> {
    return this.#inputs;
  }

  /** Code of the job gave this RDD for an input. */
  giveUnlogged(input: StreamNode, lineage: Lineage): void {
    this.#unlogged.set(input, lineage);
  }

  unloggedOf(input: StreamNode): Lineage | undefined {
    return this.#unlogged.get(input);
  }

  /** The next number in the batch to make a seed of. */
  nextSeed(): number {
    return this.#seeds++;
  }

  // ---- its state

  /** The batch has a stateful operator. */
  addState(stream: StreamNode, state: StateNode): void {
    this.#states.set(stream, state);
  }

  stateOf(stream: StreamNode): StateNode | undefined {
    return this.#states.get(stream);
  }

  /** Every partition of the state has been brought up to this batch. */
  coverState(state: StateNode): void {
    this.#covered.add(state);
  }

  isCovered(state: StateNode): boolean {
    return this.#covered.has(state);
  }

  /** The states of which every partition has been brought up to this batch. */
  get coveredStates(): readonly StateNode[] {
    return [...this.#states.values()].filter((state) => this.#covered.has(state));
  }

  /** The state of a stream before and after this batch. @param name What its state is called. */
  versionsOf(stream: StreamNode, name: string): StateVersions {
    const version = this.#committed.get(name) ?? epochMs(0);
    return { version, oldest: this.history.oldestVersionOf(stream) ?? version, batch: this.time };
  }

  // ---- its actions

  /** An action runs in this batch, until the promise settles. */
  addAction(running: Promise<unknown>): void {
    this.#running.add(running);
    const done = (): void => void this.#running.delete(running);
    running.then(done, done);
  }

  /** No action of this batch runs. */
  get idle(): boolean {
    return this.#running.size === 0;
  }

  /** Waits for the actions that the job did not wait for; what they throw is the job's to catch. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }

  /** An output has written something that takes effect with the commit of the batch. */
  addPrepared(output: PreparedOutput): void {
    this.#prepared.push(output);
  }

  get preparedOutputs(): readonly PreparedOutput[] {
    return this.#prepared;
  }

  /** The batch was cut off: nothing of it starts any more. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** @returns What its outputs have prepared so far, which is not part of the batch any more. */
  cancel(): readonly PreparedOutput[] {
    this.#cancelled = true;
    return this.#prepared.splice(0);
  }

  // ---- what goes with it

  /** The source has no inputs any more once the batch is over. @param blocks What was put at the driver for it. */
  ownSource(node: SourceNode, blocks: readonly BlockId[] = []): void {
    this.#sources.push(node);
    this.#blocks.push(...blocks);
  }

  /** A plan of this batch writes the shuffle. */
  ownShuffle(id: ShuffleId, dependency: ShuffleDependency): void {
    this.#shuffles.set(id, dependency);
  }

  /** The shuffle goes before the batch does. */
  disownShuffle(id: ShuffleId): void {
    this.#shuffles.delete(id);
  }

  /** Gives up the shuffles that were begun, and not written to the end. @returns Those. */
  takeUnwritten(written: ReadonlySet<ShuffleId>): readonly ShuffleId[] {
    const unwritten = [...this.#shuffles].filter(([id]) => !written.has(id));
    for (const [id, dependency] of unwritten) {
      dependency.id = undefined;
      this.#shuffles.delete(id);
    }
    return unwritten.map(([id]) => id);
  }

  /** The batch is forgotten: lets go of all that it holds. @returns What is to be dropped where it is kept. */
  release(): { readonly shuffles: readonly ShuffleId[]; readonly blocks: readonly BlockId[] } {
    const shuffles = [...this.#shuffles.keys()];
    for (const dependency of this.#shuffles.values()) {
      dependency.id = undefined; // an RDD that the job kept is shuffled again, under a new id
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

  /** A plan of this batch uses the variable. */
  holdBroadcast(broadcast: DriverBroadcast<unknown>): void {
    if (this.#broadcasts.has(broadcast)) return;
    this.#broadcasts.add(broadcast);
    broadcast.hold();
  }

  /** What this batch wrote stays for as long as the job runs, and may have to be computed again. */
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
      failed.catch(() => undefined); // each that asks for it learns of it
      return failed;
    }
  }
}

/** Blocks that exist outside of the engine are kept anyway. */
function kept(lineage: Lineage, level: BlockLevel, label: string): Lineage {
  if (lineage.kind === "persisted" || (lineage.kind === "source" && lineage.format === "blocks")) return lineage;
  return persisted(dependency(lineage, false), level, label);
}
