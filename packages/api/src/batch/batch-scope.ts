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
import { type StreamNode, whenReady } from "../graph/stream-node.ts";
import type { DriverBroadcast } from "../shared/broadcast.ts";

/** The batches that are not forgotten, as streams that look back on them see them. */
export interface BatchHistory {
  /** The time before the first batch. */
  readonly zeroTime: EpochMs;
  /** `undefined`: forgotten, or not begun. */
  scopeAt(time: EpochMs): BatchScope | undefined;
  /** The version of a stream's state that the oldest batch builds on which is not forgotten; `undefined`: there is none. */
  oldestVersionOf(stream: StreamNode): EpochMs | undefined;
}

export interface ScopeOptions {
  readonly time: EpochMs;
  readonly history: BatchHistory;
}

/** What belongs to one batch, and goes with it. */
export class BatchScope {
  readonly time: EpochMs;
  readonly history: BatchHistory;
  /** The states' versions that the batch builds on; a state that is not there is empty. Known when the batch runs. */
  committed: CommittedBatches["states"] = new Map();
  /** By name; none before all of them are fixed. */
  inputs: ReadonlyMap<string, FixedInput> = new Map();
  /** RDDs that inputs were given by code of the job: what is `unlogged` in `inputs`. */
  readonly unlogged = new Map<StreamNode, Lineage>();
  /** Shuffles that plans of this batch wrote and that go with it. */
  readonly shuffles = new Map<ShuffleId, ShuffleDependency>();
  /** Blocks put at the driver for this batch. */
  readonly blocks: BlockId[] = [];
  /** Sources whose inputs go with it: those blocks, and what was received for it. */
  readonly sources: SourceNode[] = [];
  /** Broadcast variables that plans of this batch use. */
  readonly #broadcasts = new Set<DriverBroadcast<unknown>>();
  /** Stateful operators of this batch, and those of which every partition has been brought up to it. */
  readonly states = new Map<StreamNode, StateNode>();
  readonly covered = new Set<StateNode>();
  /** What its outputs have written, for its commit. */
  readonly prepared: PreparedOutput[] = [];
  /** Seeds given out in this batch. */
  seeds = 0;
  /** Actions that run. */
  readonly pending = new Set<Promise<unknown>>();
  /** Those that could not be made too: what was refused once is not tried again, and the job's code is called once. */
  readonly #lineages = new Map<StreamNode, Lineage | Promise<Lineage>>();

  constructor(options: ScopeOptions) {
    this.time = options.time;
    this.history = options.history;
  }

  /** Whether a stream has an RDD in this batch. Slides count from the time before the first batch (features TM-4). */
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

  releaseBroadcasts(): void {
    for (const broadcast of this.#broadcasts) broadcast.release();
    this.#broadcasts.clear();
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

  /** The state of a stream before and after this batch. @param name What its state is called. */
  versionsOf(stream: StreamNode, name: string): StateVersions {
    const version = this.committed.get(name) ?? epochMs(0);
    return { version, oldest: this.history.oldestVersionOf(stream) ?? version, batch: this.time };
  }
}

/** Blocks that exist outside of the engine are kept anyway. */
function kept(lineage: Lineage, level: BlockLevel, label: string): Lineage {
  if (lineage.kind === "persisted" || (lineage.kind === "source" && lineage.format === "blocks")) return lineage;
  return persisted(dependency(lineage, false), level, label);
}
