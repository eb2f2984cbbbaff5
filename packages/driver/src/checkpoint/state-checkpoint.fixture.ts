import { epochMs } from "@millrace/base";
import { encodeValue, KEY_GROUPS, keyGroup, PlaceholderClasses, partitionOf } from "@millrace/codec";
import { type Location, locationFrom } from "@millrace/files";
import { type BaseEntry, type CommittedBatches, headsAfter, type StateHeads, type StateVersion } from "@millrace/plan";
import { LocalFileSystem, RowGroupsWriter, StateFiles } from "@millrace/storage";
import { BatchLog } from "@millrace/storage/batch-log";

const PARTITIONS = 2;

/** A checkpoint directory whose job is made up: batches change keys, and the log says which versions count. */
export class StateCheckpoint {
  readonly directory: Location;
  readonly classes = new PlaceholderClasses();
  /** Of all its operators. */
  kind = "updateStateByKey";
  readonly #files = new LocalFileSystem();
  readonly #state: StateFiles;
  readonly #heads = new Map<string, (StateVersion | undefined)[]>();
  #committed: CommittedBatches = { last: epochMs(0), states: new Map() };
  #log: BatchLog | undefined;

  constructor(directory: string) {
    this.directory = locationFrom(directory);
    this.#state = new StateFiles({ files: this.#files, directory: this.directory });
  }

  /** Batch `time` changes keys of an operator: `undefined` forgets one. Nothing of it counts before `commit`. */
  async change(operator: string, time: number, changes: readonly (readonly [unknown, unknown])[]): Promise<void> {
    const heads = this.#heads.get(operator) ?? new Array<undefined>(PARTITIONS).fill(undefined);
    this.#heads.set(operator, heads);
    const partitions = heads.length;
    for (let partition = 0; partition < partitions; partition++) {
      const states = new RowGroupsWriter("state", { timed: false });
      const removals = new RowGroupsWriter("removal", { timed: false });
      const mine = changes.filter(([key]) => partitionOf(key, partitions) === partition);
      if (mine.length === 0) continue;
      mine.forEach(([key, value], at) => {
        const cell = typeof value === "object" ? encodeValue(value, this.classes) : value;
        if (value === undefined) removals.remove(key, keyGroup(key));
        else states.put(key, keyGroup(key), cell as string, time + at, 0); // one of the types of a cell
      });
      const version = { batch: epochMs(time), attempt: 0, epoch: 1 };
      const before = heads[partition];
      await this.#state.writeDelta(
        { operator, partition, partitions },
        {
          version,
          base: before === undefined ? { kind: "nothing" } : { kind: "version", version: before },
          ...{ schema: 1, timed: false, nextOrdinal: time + 1_000 },
          rowGroups: [...states.finish(), ...removals.finish()],
        },
      );
      heads[partition] = version;
    }
  }

  /** Batch `time` puts an operator with these keys into another number of partitions. Nothing of it counts before `commit`. */
  async repartition(
    operator: string,
    time: number,
    partitions: number,
    keys: readonly (readonly [unknown, number])[],
    place: (key: unknown) => number = (key) => partitionOf(key, partitions),
  ) {
    const version = { batch: epochMs(time), attempt: 0, epoch: 1 };
    const heads: (StateVersion | undefined)[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const mine = keys.filter(([key]) => place(key) === partition);
      heads.push(mine.length === 0 ? undefined : version);
      if (mine.length === 0) continue;
      await this.#state.writeWhole(
        { operator, partition, partitions },
        {
          ...{ version, schema: 1, timed: false, nextOrdinal: mine.length },
          ranges: [{ first: 0, last: KEY_GROUPS - 1 }],
          fill: (_, writer) => {
            for (const [at, [key, value]] of mine.entries()) writer.put(key, keyGroup(key), value, at, 0);
          },
        },
      );
    }
    this.#heads.set(operator, heads);
  }

  /** All that was changed counts, as of batch `time`, which remembers the one before it on request. */
  async commit(time: number, { remembers = false }: { readonly remembers?: boolean } = {}): Promise<void> {
    const batch = epochMs(time);
    const before = { time: this.#committed.last, inputs: new Map(), states: this.#committed.states };
    const states = new Map<string, StateHeads>();
    for (const [operator, heads] of this.#heads)
      states.set(
        operator,
        headsAfter(this.#committed.states.get(operator), { batch, partitions: heads.length, heads: [...heads] }, batch),
      );
    this.#committed = { last: batch, states };
    const state = { given: true, kind: this.kind, label: "", place: 0, code: 0, version: 1, migrates: false };
    const entry: BaseEntry = {
      kind: "base",
      identity: { name: "words", id: "5f3a", batchIntervalMs: 100 },
      parts: { states: [...this.#heads.keys()].map((name) => ({ ...state, name })), sources: [], outputs: [] },
      dropped: [],
      base: {
        zeroTime: epochMs(0),
        committed: this.#committed,
        remembered: remembers ? [before] : [],
        pending: undefined,
        memories: new Map(),
        memoriesAt: batch,
        received: new Map(),
      },
    };
    if (this.#log !== undefined) return this.#log.replace(entry);
    ({ log: this.#log } = await BatchLog.open({ files: this.#files, directory: this.directory }));
    await this.#log.take(entry);
  }
}
