import { epochMs } from "@millrace/base";
import { KEY_GROUPS, KeyMap, keyGroup } from "@millrace/codec";
import { groupsOf, type StateHeads, type StateVersion } from "@millrace/plan";
import type { StatePartition } from "./file-names.ts";
import { RowGroupsWriter, type StateCell, type StateRows } from "./rows.ts";
import { keysOfSlice, sliceRanges } from "./slice-ranges.ts";
import type { StateFiles } from "./state-files.ts";

/** A key with its state, to be sorted. */
export interface UnsortedKey {
  readonly key: unknown;
  readonly cell: StateCell;
  /** When it was last updated, in epoch ms; `undefined`: in the batch of the version that is written. */
  readonly updated: number | undefined;
  /** Its place among all keys, from 0: the order of keys in the state, and where a key is that occurs twice. */
  readonly place: number;
}

export interface SortedState {
  readonly partitions: number;
  readonly version: StateVersion;
  readonly schema: number;
  /** The error for a key that occurs twice. */
  readonly twice: (key: unknown, first: number, again: number) => Error;
  /** Told how many keys are written. */
  readonly onKeys: (keys: number) => void;
}

/** Ranges of key groups of the same size; one at a time is sorted in memory. */
const BUCKETS = 256;
const BUCKET_GROUPS = KEY_GROUPS / BUCKETS;
/** Bytes of keys with their states that are kept in memory before they go to disk. */
const BUFFERED_MAX = 32 * 1024 * 1024;

/**
 * Sorts keys with their states, however many there are and in whatever order, and writes them as versions of partitions that stand
 * by themselves. Rows go to scratch files by ranges of key groups when memory is full; these are deltas, as those of a state of
 * {@link BUCKETS} partitions.
 *
 * Memory: keys and states of 32 MB, encoded, and those of one bucket, 1 of 256.
 */
export class StateSorter {
  readonly #scratch: StateFiles;
  readonly #bufferBytes: number;
  readonly #operators = new Map<string, UnsortedState>();
  #buffered = 0;
  #flushes = 0;

  /** @param scratch In a directory that is removed afterwards. */
  constructor(scratch: StateFiles, { bufferBytes = BUFFERED_MAX }: { readonly bufferBytes?: number } = {}) {
    this.#scratch = scratch;
    this.#bufferBytes = bufferBytes;
  }

  /** In the order in which they were met. */
  get operators(): readonly string[] {
    return [...this.#operators.keys()];
  }

  keysOf(operator: string): number {
    return this.#operators.get(operator)?.keys ?? 0;
  }

  /** An operator that may have no keys. */
  add(operator: string): UnsortedState {
    let state = this.#operators.get(operator);
    if (state === undefined) {
      state = new UnsortedState();
      this.#operators.set(operator, state);
    }
    return state;
  }

  /**
   * @returns True: `flush` before the next one.
   * @throws KEY_NOT_COMPARABLE
   */
  put(operator: string, row: UnsortedKey): boolean {
    this.#buffered += this.add(operator).put(row);
    return this.#buffered >= this.#bufferBytes;
  }

  /** Writes what is in memory to the scratch files. */
  async flush(): Promise<void> {
    const version = scratchVersion(this.#flushes);
    for (const [operator, state] of this.#operators) {
      for (const [bucket, rows] of state.take()) {
        const before = state.heads.get(bucket);
        const writer = new RowGroupsWriter("state", { timed: true });
        for (const { key, group, cell, place, updated } of rows) writer.put(key, group, cell, place, updated);
        await this.#scratch.writeDelta(bucketOf(operator, bucket), {
          version,
          base: before === undefined ? { kind: "nothing" } : { kind: "version", version: before },
          ...{ schema: 0, timed: true, nextOrdinal: 0 },
          rowGroups: writer.finish(),
        });
        state.heads.set(bucket, version);
      }
    }
    this.#flushes += 1;
    this.#buffered = 0;
  }

  /** Writes the state of an operator. @throws What `twice` returns, and the errors of the file system */
  async write(files: StateFiles, operator: string, sorted: SortedState): Promise<StateHeads> {
    const { partitions, version, schema, twice, onKeys } = sorted;
    const state = this.add(operator);
    let read: { readonly bucket: number; readonly rows: readonly Row[] } | undefined;
    const rowsOf = async (bucket: number): Promise<readonly Row[]> => {
      if (read?.bucket !== bucket) read = { bucket, rows: await this.#sort(operator, bucket, twice) };
      return read.rows;
    };
    const heads: (StateVersion | undefined)[] = [];
    let written = 0;
    for (let partition = 0; partition < partitions; partition++) {
      const own = groupsOf(partition, partitions);
      const counted = state.counts.subarray(own.from, own.until);
      if (counted.every((keys) => keys === 0)) {
        heads.push(undefined);
        continue;
      }
      const counts = new Uint32Array(KEY_GROUPS);
      counts.set(counted, own.from);
      await files.writeWhole(
        { operator, partition, partitions },
        {
          ...{ version, schema, timed: state.timed, nextOrdinal: state.places },
          ranges: sliceRanges(counts, keysOfSlice(state.bytes / state.keys)),
          fill: async ({ first, last }, writer) => {
            const [from, until] = [Math.max(first, own.from), Math.min(last + 1, own.until)];
            for (let at = from; at < until; at = (Math.floor(at / BUCKET_GROUPS) + 1) * BUCKET_GROUPS) {
              for (const { key, group, cell, place, updated } of await rowsOf(Math.floor(at / BUCKET_GROUPS))) {
                if (group < from || group >= until) continue;
                writer.put(key, group, cell, place, Number.isNaN(updated) ? version.batch : updated);
                written += 1;
              }
            }
            onKeys(written);
          },
        },
      );
      heads.push(version);
    }
    return { batch: version.batch, partitions, heads };
  }

  /** The rows of a bucket, by key group and place. */
  async #sort(operator: string, bucket: number, twice: SortedState["twice"]): Promise<readonly Row[]> {
    const state = this.add(operator);
    const head = state.heads.get(bucket);
    const rows: Row[] = [...state.inMemory(bucket)];
    const take = (some: StateRows): void => {
      for (let at = 0; at < some.rows; at++) {
        rows.push({
          key: some.keys[at],
          group: some.groups[at] ?? 0,
          cell: some.cells[at] as StateCell, // what `RowGroupsWriter.put` took
          place: some.ordinals[at] ?? 0,
          updated: some.updated?.[at] ?? Number.NaN,
        });
      }
    };
    if (head !== undefined) await this.#scratch.open(bucketOf(operator, bucket), head, { take });
    rows.sort((a, b) => a.group - b.group || a.place - b.place);
    const seen = new KeyMap<unknown, number>();
    for (const { key, place } of rows) {
      const first = seen.get(key);
      if (first !== undefined) throw twice(key, first, place);
      seen.set(key, place);
    }
    return rows;
  }
}

interface Row extends Omit<UnsortedKey, "updated"> {
  readonly group: number;
  /** `NaN`: in the batch of the version. */
  readonly updated: number;
}

/** The keys of an operator. */
class UnsortedState {
  readonly counts: Uint32Array = new Uint32Array(KEY_GROUPS);
  /** By bucket, the last scratch file. */
  readonly heads: Map<number, StateVersion> = new Map<number, StateVersion>();
  keys = 0;
  /** Bytes of the keys with their states, about. */
  bytes = 0;
  /** Above the places of all keys. */
  places = 0;
  /** Some key has a time. */
  timed = false;
  /** By bucket. */
  #rows = new Map<number, Row[]>();

  /** @returns Bytes of the row, about. */
  put({ key, cell, updated, place }: UnsortedKey): number {
    const group = keyGroup(key);
    const bucket = Math.floor(group / BUCKET_GROUPS);
    const row: Row = { key, group, cell, place, updated: updated ?? Number.NaN };
    const others = this.#rows.get(bucket);
    if (others === undefined) this.#rows.set(bucket, [row]);
    else others.push(row);
    this.counts[group] = (this.counts[group] ?? 0) + 1;
    this.timed ||= updated !== undefined;
    this.places = Math.max(this.places, place + 1);
    const bytes = sizeOf(key) + sizeOf(cell) + ROW_BYTES;
    this.keys += 1;
    this.bytes += bytes;
    return bytes;
  }

  inMemory(bucket: number): readonly Row[] {
    return this.#rows.get(bucket) ?? [];
  }

  /** What is in memory, which it is not any more. */
  take(): ReadonlyMap<number, readonly Row[]> {
    const rows = this.#rows;
    this.#rows = new Map();
    return rows;
  }
}

/** Of a row besides its key and state. */
const ROW_BYTES = 24;

function sizeOf(value: unknown): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  if (Array.isArray(value)) return value.reduce((bytes: number, part) => bytes + sizeOf(part), 8);
  return typeof value === "object" && value !== null ? 8 + sizeOf(Object.entries(value)) : 8;
}

const bucketOf = (operator: string, partition: number): StatePartition => ({
  operator,
  partition,
  partitions: BUCKETS,
});

/** Each builds on an earlier batch. */
const scratchVersion = (flush: number): StateVersion => ({ batch: epochMs(flush), attempt: 0, epoch: 0 });
