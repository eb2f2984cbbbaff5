import { assert, type EpochMs, type ErrorFactory, epochMs, errorKind } from "@millrace/base";
import { entriesOf, type FileSystem, type Location, within } from "@millrace/files";
import {
  corrupt,
  type DeltaHeader,
  decodeDelta,
  decodeHeader,
  decodeSnapshot,
  encodeDelta,
  encodeSnapshot,
  HEADER_BYTES,
  type StateDelta,
  type StateSnapshot,
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
  /** The checkpoint directory; the log is in `state` within it. */
  readonly directory: Location;
  /** `HASH_VERSION` of the codec: state whose keys were partitioned by another hash is refused. */
  readonly hashVersion: number;
}

/** The change to write, as frames. */
export interface DeltaContent {
  readonly batch: EpochMs;
  /** The batch of the last delta in this state: `batch` of the last one read or written; 0 if none. */
  readonly previous: EpochMs;
  readonly upserts: readonly Uint8Array[];
  readonly removals: readonly Uint8Array[];
}

/** The state to write, as frames. */
export interface SnapshotContent {
  /** A committed batch. */
  readonly batch: EpochMs;
  readonly entries: readonly Uint8Array[];
  readonly idle: readonly Uint8Array[];
}

/** The files of a state, in reading order: at most one snapshot, then the deltas of later batches. */
export type StatePart = ({ readonly kind: "snapshot" } & StateSnapshot) | ({ readonly kind: "delta" } & StateDelta);

export const stateDeltaMissing: ErrorFactory = errorKind("STATE_DELTA_MISSING", "environment");

const FILE_NAME = /^(\d{1,16})\.(delta|snapshot)$/;
const HEADERS_AT_ONCE = 16;
const READ_AHEAD = 4;

/** Files of one partition, by batch, oldest first. */
interface Files {
  readonly deltas: readonly EpochMs[];
  readonly snapshots: readonly EpochMs[];
}

/**
 * The changes of each batch to the state of each operator: one file per partition and batch,
 * `<directory>/state/<operator>/<partitions>-<partition>/<batch ms>.delta`. Each file names the one it builds on, so a
 * state is read along that chain: files of uncommitted batches are not part of it, and a missing file is noticed.
 *
 * A snapshot, `<batch ms>.snapshot` beside them, replaces the chain up to its batch. `prune` removes files that two
 * snapshots have made unnecessary: the newer of the two may turn out to be damaged, and a reader that listed the files
 * before it was written still finds its choice.
 */
export class StateLog {
  readonly #files: FileSystem;
  readonly #directory: Location;
  readonly #hashVersion: number;

  constructor(options: StateLogOptions) {
    this.#files = options.files;
    this.#directory = options.directory;
    this.#hashVersion = options.hashVersion;
  }

  /** Writes a batch's delta, replacing that of an earlier attempt. Atomic. */
  async write(partition: StatePartition, content: DeltaContent): Promise<void> {
    assert(content.previous < content.batch, `delta ${content.batch} builds on ${content.previous}`);
    const path = this.#path(partition, content.batch, "delta");
    await this.#files.write(path, encodeDelta(content, this.#hashVersion));
  }

  /** Writes the state as of a committed batch. Atomic; removes nothing. */
  async writeSnapshot(partition: StatePartition, content: SnapshotContent): Promise<void> {
    const path = this.#path(partition, content.batch, "snapshot");
    await this.#files.write(path, encodeSnapshot(content, this.#hashVersion));
  }

  /**
   * Removes files that no read of a version from `oldest` on needs. It may be interrupted anywhere: leftovers are
   * removed the next time, and do not affect reading.
   */
  async prune(partition: StatePartition, oldest: EpochMs): Promise<void> {
    const { deltas, snapshots } = await this.#list(partition);
    const base = snapshots.filter((batch) => batch <= oldest).at(-2);
    if (base === undefined) return;
    for (const batch of snapshots) if (batch < base) await this.#files.remove(this.#path(partition, batch, "snapshot"));
    for (const batch of deltas) if (batch <= base) await this.#files.remove(this.#path(partition, batch, "delta"));
  }

  /** The batches with a delta, committed or not, oldest first. Other files are ignored. */
  async batches(partition: StatePartition): Promise<readonly EpochMs[]> {
    return (await this.#list(partition)).deltas;
  }

  /**
   * The parts that make up the state as of `version`; apply them in this order. A snapshot that is damaged, or on which
   * later deltas do not build, is skipped for an older one.
   *
   * @param version The last committed batch; later deltas are ignored. With 0, nothing is read.
   * @throws STATE_DELTA_MISSING A delta that another builds on is missing.
   * @throws STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN
   */
  async *read(partition: StatePartition, version: EpochMs): AsyncGenerator<StatePart, void, undefined> {
    if (version === 0) return;
    const { snapshot, chain } = await this.#choose(partition, version);
    if (snapshot !== undefined) yield { kind: "snapshot", ...snapshot };
    const ahead: Promise<StateDelta>[] = [];
    try {
      for (let next = 0; next < chain.length || ahead.length > 0; ) {
        for (; next < chain.length && ahead.length < READ_AHEAD; next++) {
          const batch = chain[next];
          if (batch === undefined) continue;
          const delta = this.#readDelta(partition, batch);
          delta.catch(() => undefined); // it may fail before its turn, when the error is reported
          ahead.push(delta);
        }
        const delta = await ahead.shift();
        if (delta !== undefined) yield { kind: "delta", ...delta };
      }
    } finally {
      await Promise.allSettled(ahead); // after an error, or when the reader stops early
    }
  }

  async #list(partition: StatePartition): Promise<Files> {
    const folder = this.#folder(partition);
    const found: Record<"delta" | "snapshot", EpochMs[]> = { delta: [], snapshot: [] };
    for (const entry of (await entriesOf(this.#files, folder)) ?? []) {
      const match = entry.kind === "file" ? FILE_NAME.exec(entry.name) : null;
      if (match !== null) found[match[2] === "delta" ? "delta" : "snapshot"].push(epochMs(Number(match[1])));
    }
    const inOrder = (batches: EpochMs[]) => batches.sort((a, b) => a - b);
    return { deltas: inOrder(found.delta), snapshots: inOrder(found.snapshot) };
  }

  /** The newest readable snapshot up to `version`, and the deltas after it. */
  async #choose(
    partition: StatePartition,
    version: EpochMs,
  ): Promise<{ readonly snapshot: StateSnapshot | undefined; readonly chain: readonly EpochMs[] }> {
    const { deltas, snapshots } = await this.#list(partition);
    const candidates = deltas.filter((batch) => batch <= version);
    let damage: unknown;
    for (const base of snapshots.filter((batch) => batch <= version).reverse()) {
      try {
        const later = candidates.filter((batch) => batch > base);
        const chain = await this.#chain(partition, later, base);
        return { snapshot: await this.#readSnapshot(partition, base), chain };
      } catch (error) {
        damage ??= error; // report the newest: it is the one that should have worked
      }
    }
    try {
      return { snapshot: undefined, chain: await this.#chain(partition, candidates, epochMs(0)) };
    } catch (error) {
      throw damage ?? error;
    }
  }

  /** Walks from the newest delta to the one that builds on `base`, then reverses. */
  async #chain(partition: StatePartition, candidates: readonly EpochMs[], base: EpochMs): Promise<readonly EpochMs[]> {
    const headers = await this.#headers(partition, candidates);
    const chain: EpochMs[] = [];
    let builtOnIt: EpochMs | undefined;
    for (let batch = candidates.at(-1) ?? base; batch !== base; ) {
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
    const path = this.#path(partition, batch, "delta");
    const head = await this.#files.read(path, { start: 0, end: HEADER_BYTES });
    const header = decodeHeader(path, head, this.#hashVersion);
    if (header.batch !== batch || !(header.previous >= 0 && header.previous < batch)) {
      throw corrupt(path, `its header says batch ${header.batch}, built on ${header.previous}`);
    }
    return header;
  }

  async #readDelta(partition: StatePartition, batch: EpochMs): Promise<StateDelta> {
    const path = this.#path(partition, batch, "delta");
    return decodeDelta(path, await this.#files.read(path), this.#hashVersion);
  }

  async #readSnapshot(partition: StatePartition, batch: EpochMs): Promise<StateSnapshot> {
    const path = this.#path(partition, batch, "snapshot");
    const snapshot = decodeSnapshot(path, await this.#files.read(path), this.#hashVersion);
    if (snapshot.batch !== batch) throw corrupt(path, `its header says batch ${snapshot.batch}`);
    return snapshot;
  }

  #path(partition: StatePartition, batch: EpochMs, kind: "delta" | "snapshot"): Location {
    return within(this.#folder(partition), `${batch}.${kind}`);
  }

  #folder(partition: StatePartition): Location {
    return within(this.#operatorFolder(partition.operator), `${partition.partitions}-${partition.partition}`);
  }

  #operatorFolder(operator: string): Location {
    return within(this.#directory, "state", folderName(operator));
  }

  #missing(partition: StatePartition, batch: EpochMs, builtOnIt: EpochMs | undefined): Error {
    return stateDeltaMissing(
      `the state of ${partition.operator}, partition ${partition.partition} of ${partition.partitions}, cannot be loaded: ` +
        `${this.#path(partition, batch, "delta")} is missing, and the delta of batch ${builtOnIt} builds on it. The job stops. ` +
        `Restore the file from a copy of the checkpoint directory, or start the job with an empty one.`,
      { fields: { operator: partition.operator, partition: partition.partition, batch } },
    );
  }
}

/** A name valid in any file system and distinct per operator: other characters become `%` and four hex digits. */
function folderName(operator: string): string {
  const hexed = (unit: string): string => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const name = operator.replace(/[^A-Za-z0-9_.-]/g, hexed); // without the u flag: lone surrogates are ordinary units
  return name === "" ? "%" : name.replace(/^\./, hexed);
}
