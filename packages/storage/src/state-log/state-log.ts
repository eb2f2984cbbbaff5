import { assert, type EpochMs, epochMs, errorKind } from "@millrace/base";
import type { FileSystem } from "../file-system/port.ts";
import {
  corrupt,
  type DeltaHeader,
  decodeDelta,
  decodeHeader,
  encodeDelta,
  HEADER_BYTES,
  type StateDelta,
} from "./delta-file.ts";

/** One partition of a stateful operator. */
export interface StatePartition {
  /** The operator's name in the checkpoint: `totals`, `updateStateByKey-2`. */
  readonly operator: string;
  readonly partition: number;
  readonly partitions: number;
}

export interface StateLogOptions {
  readonly files: FileSystem;
  /** The checkpoint directory; the log lives in `state` below it. */
  readonly directory: string;
  /** `HASH_VERSION` of the codec: state whose keys were placed by another hash is refused. */
  readonly hashVersion: number;
  /** Wait at each write until it survives a power cut; without, it survives the end of processes only. */
  readonly sync?: boolean;
}

/** The change to write, as frames. */
export interface DeltaContent {
  readonly batch: EpochMs;
  /** The batch of the last delta that is part of this state: `batch` of the last one read or written; 0 if none. */
  readonly previous: EpochMs;
  readonly upserts: readonly Uint8Array[];
  readonly removals: readonly Uint8Array[];
}

export const stateDeltaMissing = errorKind("STATE_DELTA_MISSING", "environment");

const DELTA_NAME = /^(\d{1,16})\.delta$/;
const HEADERS_AT_ONCE = 16;
const READ_AHEAD = 4;

/**
 * What each batch changed in the state of each operator: one file per partition and batch,
 * `<directory>/state/<operator>/<partitions>-<partition>/<batch ms>.delta`. Each file names the one it builds on, so a
 * state is read along that chain: files of batches that never committed lie beside it and a missing one is noticed.
 */
export class StateLog {
  readonly #files: FileSystem;
  readonly #directory: string;
  readonly #hashVersion: number;
  readonly #sync: boolean;

  constructor(options: StateLogOptions) {
    this.#files = options.files;
    this.#directory = options.directory;
    this.#hashVersion = options.hashVersion;
    this.#sync = options.sync ?? false;
  }

  /** Writes a batch's delta, in place of one that an earlier attempt left. Visible as a whole or not at all. */
  async write(partition: StatePartition, content: DeltaContent): Promise<void> {
    assert(content.previous < content.batch, `delta ${content.batch} builds on ${content.previous}`);
    const path = `${this.#folder(partition)}/${content.batch}.delta`;
    await this.#files.write(path, encodeDelta(content, this.#hashVersion), { sync: this.#sync });
  }

  /** The batches that have a delta, committed or not, oldest first. Other files are ignored. */
  async batches(partition: StatePartition): Promise<readonly EpochMs[]> {
    const folder = this.#folder(partition);
    if ((await this.#files.stat(folder)) === undefined) return [];
    const entries = await this.#files.list(folder);
    const batches = entries.flatMap((entry) => {
      const match = entry.kind === "file" ? DELTA_NAME.exec(entry.name) : null;
      return match === null ? [] : [epochMs(Number(match[1]))];
    });
    return batches.sort((a, b) => a - b);
  }

  /**
   * The deltas that make up the state as of `version`, oldest first; apply them in this order.
   *
   * @param version The last committed batch; later deltas are ignored. 0: nothing is read.
   * @param isCommitted Tells deltas of failed batches below `version` apart; needed where a batch may fail and the job
   *   goes on, since such a delta could otherwise be taken for the newest.
   * @throws STATE_DELTA_MISSING A delta that another builds on is not there.
   * @throws STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN
   */
  async *read(
    partition: StatePartition,
    version: EpochMs,
    isCommitted: (batch: EpochMs) => boolean = () => true,
  ): AsyncGenerator<StateDelta, void, undefined> {
    const chain = version > 0 ? await this.#chain(partition, version, isCommitted) : [];
    const ahead: Promise<StateDelta>[] = [];
    try {
      for (let next = 0; next < chain.length || ahead.length > 0; ) {
        for (; next < chain.length && ahead.length < READ_AHEAD; next++) {
          const batch = chain[next];
          if (batch === undefined) continue;
          const delta = this.#readDelta(partition, batch);
          delta.catch(() => undefined); // it may fail before its turn: then it is told
          ahead.push(delta);
        }
        const delta = await ahead.shift();
        if (delta !== undefined) yield delta;
      }
    } finally {
      await Promise.allSettled(ahead); // after an error, or when the reader stops early
    }
  }

  /** Removes the deltas of a batch that will not commit, in one partition; not being there is no error. */
  async discard(partition: StatePartition, batch: EpochMs): Promise<void> {
    await this.#files.remove(`${this.#folder(partition)}/${batch}.delta`);
  }

  /** The partition counts under which the operator has state, ascending: more than one after its count was changed. */
  async partitionCounts(operator: string): Promise<readonly number[]> {
    const folder = this.#operatorFolder(operator);
    if ((await this.#files.stat(folder)) === undefined) return [];
    const counts = new Set<number>();
    for (const entry of await this.#files.list(folder)) {
      const match = /^(\d+)-(\d+)$/.exec(entry.name);
      if (entry.kind === "directory" && match !== null) counts.add(Number(match[1]));
    }
    return [...counts].sort((a, b) => a - b);
  }

  /** Walks from the newest delta to the first, then turns the way round. */
  async #chain(
    partition: StatePartition,
    version: EpochMs,
    isCommitted: (batch: EpochMs) => boolean,
  ): Promise<readonly EpochMs[]> {
    const candidates = (await this.batches(partition)).filter((batch) => batch <= version && isCommitted(batch));
    const headers = await this.#headers(partition, candidates);
    const chain: EpochMs[] = [];
    let builtOnIt: EpochMs | undefined;
    for (let batch = candidates.at(-1) ?? epochMs(0); batch > 0; ) {
      const header = headers.get(batch);
      if (header === undefined) throw this.#missing(partition, batch, builtOnIt);
      chain.push(batch);
      builtOnIt = batch;
      batch = header.previous;
    }
    return chain.reverse();
  }

  async #headers(partition: StatePartition, batches: readonly EpochMs[]): Promise<ReadonlyMap<number, DeltaHeader>> {
    const headers = new Map<number, DeltaHeader>();
    for (let i = 0; i < batches.length; i += HEADERS_AT_ONCE) {
      const some = batches.slice(i, i + HEADERS_AT_ONCE);
      const read = await Promise.all(some.map((batch) => this.#readHeader(partition, batch)));
      some.forEach((batch, j) => {
        const header = read[j];
        if (header !== undefined) headers.set(batch, header);
      });
    }
    return headers;
  }

  async #readHeader(partition: StatePartition, batch: EpochMs): Promise<DeltaHeader> {
    const path = `${this.#folder(partition)}/${batch}.delta`;
    const head = await this.#files.read(path, { start: 0, end: HEADER_BYTES });
    const header = decodeHeader(path, head, this.#hashVersion);
    if (header.batch !== batch || !(header.previous >= 0 && header.previous < batch)) {
      throw corrupt(path, `its header says batch ${header.batch}, built on ${header.previous}`);
    }
    return header;
  }

  async #readDelta(partition: StatePartition, batch: EpochMs): Promise<StateDelta> {
    const path = `${this.#folder(partition)}/${batch}.delta`;
    return decodeDelta(path, await this.#files.read(path), this.#hashVersion);
  }

  #folder(partition: StatePartition): string {
    return `${this.#operatorFolder(partition.operator)}/${partition.partitions}-${partition.partition}`;
  }

  #operatorFolder(operator: string): string {
    return `${this.#directory}/state/${folderName(operator)}`;
  }

  #missing(partition: StatePartition, batch: EpochMs, builtOnIt: EpochMs | undefined): Error {
    return stateDeltaMissing(
      `the state of ${partition.operator}, partition ${partition.partition} of ${partition.partitions}, cannot be loaded: ` +
        `${this.#folder(partition)}/${batch}.delta is gone, and the delta of batch ${builtOnIt} builds on it. The job stops. ` +
        `Restore the file from a copy of the checkpoint directory, or start the job with an empty one.`,
      { fields: { operator: partition.operator, partition: partition.partition, batch } },
    );
  }
}

/** A name any file system takes, different for different operators: what is not plain becomes `%` and four hex digits. */
function folderName(operator: string): string {
  const hexed = (unit: string): string => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const name = operator.replace(/[^A-Za-z0-9_.-]/g, hexed); // without the u flag: lone surrogates are units as any other
  return name === "" ? "%" : name.replace(/^\./, hexed);
}
