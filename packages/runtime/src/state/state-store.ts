import { assert, EngineError, type EpochMs, epochMs, unreachable } from "@millrace/base";
import { type ClassTable, HASH_VERSION } from "@millrace/codec";
import { type FileSystems, fileNotFound, type Location } from "@millrace/files";
import { isSameVersion, type StateRef, type StateVersion, versionName } from "@millrace/plan";
import { StateLog, stateDeltaMissing } from "@millrace/storage";
import { stateNotFound } from "../errors.ts";
import type { Overlay } from "./overlay.ts";
import { PartitionState } from "./partition-state.ts";
import { applyDelta, applySnapshot, deltaFrames, snapshotFrames } from "./state-frames.ts";

/** A partition that no task has needed for this many batches has moved to another slot. */
const IDLE_BATCHES_MAX = 16;

/** Attempts to read a state before a missing file is reported, since another slot may replace files meanwhile. */
const READS_MAX = 3;

export interface StateStoreOptions {
  readonly files: FileSystems;
  readonly classes: ClassTable;
  /** `state.snapshot.deltas`. */
  readonly snapshotDeltas: number;
  /** Called with the number of keys held, at every `reportKeys` and while state is loaded. */
  readonly onKeys?: ((keys: number) => void) | undefined;
}

/** The state that a task of a stateful operator starts from. */
export interface Prepared {
  readonly state: PartitionState;
  /** The batch's update has already been made: return its result again. */
  readonly done: boolean;
}

/**
 * The state that this slot holds: per operator and partition the published version and an overlay.
 *
 * There is no message that a batch has committed. A task names the version it builds on, which is the last committed
 * one of the partition:
 *
 * | the slot has | it does |
 * |---|---|
 * | an overlay that is version `head` | publishes it |
 * | `head` published, and a complete overlay of this batch | nothing: an output is repeated |
 * | `head` published, and any other overlay | drops the overlay |
 * | anything else | loads `head` from the log |
 *
 * After a number of deltas the published state, which is committed, is written to the log as a snapshot, and older
 * files are removed: both in the background, one at a time for each partition. Neither has to succeed.
 */
export class StateStore {
  readonly #options: StateStoreOptions;
  readonly #partitions = new Map<string, { readonly state: PartitionState; lastUse: number }>();
  readonly #logs = new Map<string, StateLog>();
  #batch: EpochMs = epochMs(0);
  /** The state that is being read from the log. */
  #loading: PartitionState | undefined;
  /** Distinct batches seen. */
  #batches = 0;
  /** Snapshots on their way to the log, by partition. */
  readonly #saving = new Map<string, Promise<void>>();

  constructor(options: StateStoreOptions) {
    this.#options = options;
  }

  reportKeys(): void {
    const { onKeys } = this.#options;
    if (onKeys === undefined) return;
    let keys = this.#loading?.keys ?? 0;
    for (const { state } of this.#partitions.values()) keys += state.keys;
    onKeys(keys);
  }

  /** Resolves when pending snapshots are written and the files that they replace are removed. For tests. */
  async saved(): Promise<void> {
    await Promise.all(this.#saving.values());
  }

  /** @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system. */
  async prepare(ref: StateRef, options: { readonly timed: boolean }): Promise<Prepared> {
    this.#tick(ref.batch);
    const name = nameOf(ref);
    const held = this.#partitions.get(name);
    const written = held?.state.overlay?.version;
    if (held !== undefined && written !== undefined && isSameVersion(written, ref.head)) held.state.publish();
    // Whether keys time out may differ from one run of the job to the next.
    const usable = held !== undefined && (held.state.idle !== undefined || !options.timed);
    if (usable && isSameVersion(held.state.head, ref.head) && ref.from === undefined) {
      held.lastUse = this.#batches;
      const { state } = held;
      if (state.overlay?.complete === true && state.overlay.batch === ref.batch) return { state, done: true };
      state.drop();
      return { state, done: false };
    }
    this.#partitions.delete(name);
    const state = await this.#load(ref, options);
    this.#partitions.set(name, { state, lastUse: this.#batches });
    return { state, done: false };
  }

  /**
   * The state of version `ref.head`, read-only: this slot's, published or in a complete overlay; otherwise that of the log.
   * The update of the batch is done, and has written it.
   *
   * @throws The errors of `prepare`.
   */
  async readUpdated(ref: StateRef): Promise<{ readonly state: PartitionState; readonly overlay: Overlay | undefined }> {
    this.#tick(ref.batch);
    const held = this.#partitions.get(nameOf(ref));
    if (held !== undefined) {
      const { state } = held;
      held.lastUse = this.#batches;
      if (isSameVersion(state.head, ref.head)) return { state, overlay: undefined };
      const { overlay } = state;
      if (overlay?.version !== undefined && isSameVersion(overlay.version, ref.head)) return { state, overlay };
    }
    return { state: await this.#load(ref, { timed: false }), overlay: undefined };
  }

  /** Writes the delta of a batch, unless it changes nothing, and completes its overlay. */
  async complete(ref: StateRef, state: PartitionState, overlay: Overlay): Promise<void> {
    const { upserts, removals } = deltaFrames(state, overlay, this.#options.classes);
    if (upserts.length > 0 || removals.length > 0) {
      const version = ref.writes;
      assert(version !== undefined, `a task that only reads the state of ${ref.operator} changes it`);
      await this.#log(ref.directory).write(ref, { version, previous: state.head, upserts, removals });
      overlay.deltaBytes = bytesOf(upserts) + bytesOf(removals);
      overlay.version = version;
    }
    overlay.complete = true;
    this.#saveWhenDue(ref, state);
  }

  #saveWhenDue(ref: StateRef, state: PartitionState): void {
    const { classes, snapshotDeltas } = this.#options;
    const name = nameOf(ref);
    // Not all partitions of an operator in the same batch.
    const deltasMax = snapshotDeltas + Math.floor((snapshotDeltas * ref.partition) / ref.partitions);
    const version = state.head;
    if (version === undefined || !state.chain.isDue(deltasMax) || this.#saving.has(name)) return;
    const { entries, idle } = snapshotFrames(state, classes);
    state.chain.restart(bytesOf(entries) + bytesOf(idle));
    const log = this.#log(ref.directory);
    const saving = log
      .writeSnapshot(ref, { version, entries, idle })
      .then(() => log.prune(ref, ref.oldest))
      .catch(() => undefined) // the deltas are still there, and the snapshot is retried after as many more
      .then(() => void this.#saving.delete(name));
    this.#saving.set(name, saving);
  }

  async #load(ref: StateRef, options: { readonly timed: boolean }): Promise<PartitionState> {
    if (ref.from !== undefined) throw repartitioned(ref, ref.from.partitions);
    for (let reads = 1; ; reads++) {
      try {
        return await this.#read(ref, options);
      } catch (error) {
        const gone = error instanceof EngineError && GONE.includes(error.code);
        if (!gone || reads >= READS_MAX) throw error;
      } finally {
        this.#loading = undefined;
      }
    }
  }

  async #read(ref: StateRef, options: { readonly timed: boolean }): Promise<PartitionState> {
    const { classes } = this.#options;
    const log = this.#log(ref.directory);
    const state = new PartitionState({ ...options, classes });
    const onFrame = (): void => this.reportKeys();
    this.#loading = state;
    for await (const part of log.read(ref, ref.head)) {
      switch (part.kind) {
        case "snapshot":
          applySnapshot(state, part, { classes, onFrame });
          state.chain.restart(part.entries.length + part.idle.length);
          break;
        case "delta":
          applyDelta(state, part, { classes, onFrame });
          state.chain.add(part.upserts.length + part.removals.length);
          break;
        default:
          return unreachable(part);
      }
    }
    if (!isSameVersion(state.head, ref.head)) throw notFound(ref, (await log.versions(ref)).at(-1));
    return state;
  }

  #log(directory: Location): StateLog {
    let log = this.#logs.get(directory);
    if (log === undefined) {
      log = new StateLog({ files: this.#options.files.for(directory), directory, hashVersion: HASH_VERSION });
      this.#logs.set(directory, log);
    }
    return log;
  }

  #tick(batch: EpochMs): void {
    if (batch === this.#batch) return;
    this.#batch = batch;
    this.#batches += 1;
    for (const [name, held] of this.#partitions) {
      if (this.#batches - held.lastUse > IDLE_BATCHES_MAX) this.#partitions.delete(name);
    }
  }
}

const GONE: readonly string[] = [stateDeltaMissing.code, fileNotFound.code];

function bytesOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

const nameOf = (ref: StateRef): string => `${ref.directory}\0${ref.operator}\0${ref.partitions}-${ref.partition}`;

function notFound(ref: StateRef, newest: StateVersion | undefined): Error {
  const { operator, partition, partitions, head, directory } = ref;
  const version = head === undefined ? "" : versionName(head);
  return stateNotFound(
    `the state of ${operator}, partition ${partition} of ${partitions}, in version ${version} is not in ${directory} ` +
      `as this executor sees it; the newest there is ${newest === undefined ? "none" : versionName(newest)}. The job stops rather than compute wrong results. ` +
      "The checkpoint directory must be the same storage for all executors: mount one volume on each, or set checkpointDir to a path that all share. " +
      "State of a released batch is not kept: call ssc.remember in build where RDDs are used long after their batch.",
    { fields: { operator, partition, version, directory } },
  );
}

function repartitioned({ operator, partition, partitions, directory }: StateRef, former: number): Error {
  return stateNotFound(
    `the state of ${operator} is in ${former} partitions in ${directory}, and this job has ${partitions}. The job stops rather than compute wrong results. ` +
      `Start it with numPartitions: ${former}, or with an empty checkpoint directory.`,
    { fields: { operator, partition, directory } },
  );
}
