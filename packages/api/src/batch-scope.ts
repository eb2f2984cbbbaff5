import type { EpochMs } from "@millrace/base";
import type {
  BlockId,
  BlockLocation,
  Lineage,
  ShuffleDependency,
  ShuffleId,
  SourceNode,
  StateNode,
  StateVersions,
} from "@millrace/plan";
import type { StreamNode } from "./stream-node.ts";

/** What belongs to one batch, and goes with it. */
export class BatchScope {
  readonly time: EpochMs;
  readonly versions: StateVersions;
  /** Output that is found belongs to an earlier run of this same batch. */
  readonly rerun: boolean;
  received: ReadonlyMap<number, readonly BlockLocation[]> = new Map();
  /** Shuffles that plans of this batch wrote and that no later batch reads. */
  readonly shuffles = new Map<ShuffleId, ShuffleDependency>();
  /** Blocks put at the driver for this batch. */
  readonly blocks: BlockId[] = [];
  /** Sources whose inputs are among those blocks. */
  readonly sources: SourceNode[] = [];
  /** Stateful operators of this batch, and those of which every partition has been brought up to it. */
  readonly states: StateNode[] = [];
  readonly covered = new Set<StateNode>();
  /** Actions that run. */
  readonly pending = new Set<Promise<unknown>>();
  readonly #lineages = new Map<StreamNode, Lineage | Promise<Lineage>>();

  constructor(options: { readonly time: EpochMs; readonly stateVersion: EpochMs; readonly rerun: boolean }) {
    this.time = options.time;
    this.versions = { version: options.stateVersion, batch: options.time };
    this.rerun = options.rerun;
  }

  /** The RDD of a stream in this batch: made once, however many streams and outputs use it. */
  lineageOf(stream: StreamNode): Lineage | Promise<Lineage> {
    const known = this.#lineages.get(stream);
    if (known !== undefined) return known;
    const made = stream.compute(this);
    this.#lineages.set(stream, made);
    return made;
  }
}
