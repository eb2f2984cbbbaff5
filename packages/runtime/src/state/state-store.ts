import { type EpochMs, epochMs } from "@millrace/base";
import { BlockWriter, type ClassTable, decodeFrame, HASH_VERSION, readFrames } from "@millrace/codec";
import type { StateRef } from "@millrace/plan";
import { type FileSystems, StateLog } from "@millrace/storage";
import { stateNotFound } from "../errors.ts";
import type { Overlay } from "./overlay.ts";
import { PartitionState } from "./partition-state.ts";
import type { StateCell } from "./state-column.ts";

/** A partition that no task of so many batches has asked for has moved to another slot. */
const IDLE_BATCHES_MAX = 16;

/** What a task of a stateful operator finds. */
export interface Prepared {
  readonly state: PartitionState;
  /** The batch's update is made already: give its result again. */
  readonly done: boolean;
}

/**
 * The state that this slot holds: per operator and partition the published version and an overlay.
 *
 * There is no message that a batch has committed. A task names the version it builds on, which is the last committed batch:
 *
 * | the slot has | it does |
 * |---|---|
 * | an overlay of batch `version` | publishes it |
 * | `version` published, and a complete overlay of this batch | nothing: an output is made again |
 * | `version` published, and any other overlay | drops the overlay |
 * | anything else | loads the deltas up to `version` |
 */
export class StateStore {
  readonly #files: FileSystems;
  readonly #classes: ClassTable;
  readonly #onKeys: ((keys: number) => void) | undefined;
  readonly #partitions = new Map<string, { readonly state: PartitionState; lastUse: number }>();
  readonly #logs = new Map<string, StateLog>();
  #batch: EpochMs = epochMs(0);
  /** Being read from the log. */
  #loading: PartitionState | undefined;
  /** Distinct batches seen. */
  #batches = 0;

  /** @param onKeys Is told how many keys are held, at every `reportKeys` and while state is loaded. */
  constructor(files: FileSystems, classes: ClassTable, onKeys?: (keys: number) => void) {
    this.#files = files;
    this.#classes = classes;
    this.#onKeys = onKeys;
  }

  reportKeys(): void {
    if (this.#onKeys === undefined) return;
    let keys = this.#loading?.keys ?? 0;
    for (const { state } of this.#partitions.values()) keys += state.keys;
    this.#onKeys(keys);
  }

  /** @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system. */
  async prepare(ref: StateRef, options: { readonly timed: boolean }): Promise<Prepared> {
    this.#tick(ref.batch);
    const name = nameOf(ref);
    const held = this.#partitions.get(name);
    const overlay = held?.state.overlay;
    if (held !== undefined && overlay?.complete === true && overlay.batch === ref.version) held.state.publish();
    // Whether keys time out may differ from one run of the job to the next.
    const usable = held !== undefined && (held.state.idle !== undefined || !options.timed);
    if (usable && held.state.version === ref.version) {
      held.lastUse = this.#batches;
      const { state } = held;
      if (state.overlay?.complete === true && state.overlay.batch === ref.batch) return { state, done: true };
      state.drop();
      return { state, done: false };
    }
    this.#partitions.delete(name);
    const state = await this.#load(ref, ref.version, options);
    this.#partitions.set(name, { state, lastUse: this.#batches });
    return { state, done: false };
  }

  /**
   * The state as of `ref.batch`, to be read only: what this slot has of it, published or in a complete overlay; else what
   * the log has. The update of the batch is done.
   *
   * @throws As `prepare`.
   */
  async readUpdated(ref: StateRef): Promise<{ readonly state: PartitionState; readonly overlay: Overlay | undefined }> {
    this.#tick(ref.batch);
    const held = this.#partitions.get(nameOf(ref));
    if (held !== undefined) {
      const { state } = held;
      held.lastUse = this.#batches;
      if (state.version === ref.batch) return { state, overlay: undefined };
      const { overlay } = state;
      if (state.version === ref.version && overlay?.complete === true && overlay.batch === ref.batch)
        return { state, overlay };
    }
    return { state: await this.#load(ref, ref.batch, { timed: false }), overlay: undefined };
  }

  /**
   * Writes the delta of a batch and completes its overlay. A batch that changes nothing writes an empty one: a
   * delta that a failed batch left between two versions must not be taken for part of the state.
   */
  async complete(ref: StateRef, state: PartitionState, overlay: Overlay): Promise<void> {
    const { keys } = state.index;
    const upserts = this.#frames((writer) => {
      overlay.eachChanged((index, column, place) => writer.writePair(keys[index], column.cell(place)));
      for (const index of overlay.touched)
        if (!overlay.isChanged(index)) writer.writePair(keys[index], state.column.cell(index));
      overlay.eachNew((key, column, place) => writer.writePair(key, column.cell(place)));
    });
    const removals = this.#frames((writer) => {
      overlay.eachForgotten((index) => writer.write(keys[index]));
    });
    await this.#log(ref.directory).write(ref, { batch: ref.batch, previous: state.delta, upserts, removals });
    overlay.complete = true;
  }

  async #load(ref: StateRef, version: EpochMs, options: { readonly timed: boolean }): Promise<PartitionState> {
    const state = new PartitionState(version, { ...options, classes: this.#classes });
    this.#loading = state;
    for await (const delta of this.#log(ref.directory).read(ref, version)) {
      for (const frame of readFrames(delta.upserts)) {
        // As `complete` wrote them: pairs of a key and a cell.
        for (const [key, cell] of decodeFrame(frame, this.#classes) as [unknown, StateCell][]) {
          state.put(key, cell, delta.batch);
        }
        this.reportKeys();
      }
      for (const frame of readFrames(delta.removals)) {
        for (const key of decodeFrame(frame, this.#classes)) state.forget(key);
      }
      state.delta = delta.batch;
    }
    this.#loading = undefined;
    // Every batch writes a delta of every partition, an empty one when nothing changed: that of the version must be there.
    if (version > 0 && state.delta !== version) throw notFound(ref, version, state.delta);
    return state;
  }

  #frames(write: (writer: BlockWriter) => void): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const writer = new BlockWriter({
      classes: this.#classes,
      flush: (frame) => void frames.push(new Uint8Array(frame)),
    });
    write(writer);
    writer.finish();
    return frames;
  }

  #log(directory: string): StateLog {
    let log = this.#logs.get(directory);
    if (log === undefined) {
      log = new StateLog({ files: this.#files.for(directory), directory, hashVersion: HASH_VERSION });
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

const nameOf = (ref: StateRef): string => `${ref.directory}\0${ref.operator}\0${ref.partitions}-${ref.partition}`;

function notFound(ref: StateRef, version: EpochMs, newest: EpochMs): Error {
  return stateNotFound(
    `the state of ${ref.operator}, partition ${ref.partition} of ${ref.partitions}, as of batch ${version} is not in ${ref.directory} ` +
      `as this executor sees it; the newest there is ${newest > 0 ? `of batch ${newest}` : "none"}. The job stops before it counts wrongly. ` +
      "The checkpoint directory must be the same storage for all executors: mount one volume on each, or set checkpointDir to a path that all share.",
    { fields: { operator: ref.operator, partition: ref.partition, version, directory: ref.directory } },
  );
}
