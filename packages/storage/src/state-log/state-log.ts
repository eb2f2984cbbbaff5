import { afterStep, assert, beforeStep, type EpochMs, type ErrorFactory, errorKind } from "@millrace/base";
import { entriesOf, type FileSystem, type Location, within } from "@millrace/files";
import { isSameVersion, parseVersionName, type StateVersion, versionName } from "@millrace/plan";
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
  readonly version: StateVersion;
  /** The version of the state that this one builds on; `undefined` if that had none. */
  readonly previous: StateVersion | undefined;
  readonly upserts: readonly Uint8Array[];
  readonly removals: readonly Uint8Array[];
}

/** The state to write, as frames. */
export interface SnapshotContent {
  /** A committed version. */
  readonly version: StateVersion;
  readonly entries: readonly Uint8Array[];
  readonly idle: readonly Uint8Array[];
}

/** The files of a state, in reading order: at most one snapshot, then the deltas that build on it. */
export type StatePart = ({ readonly kind: "snapshot" } & StateSnapshot) | ({ readonly kind: "delta" } & StateDelta);

export const stateDeltaMissing: ErrorFactory = errorKind("STATE_DELTA_MISSING", "environment");

const FILE_NAME = /^(.+)\.(delta|snapshot)$/;
const HEADERS_AT_ONCE = 16;
const READ_AHEAD = 4;

/** Files of one partition, by the batch of their versions, oldest first. */
interface Files {
  readonly deltas: readonly StateVersion[];
  readonly snapshots: readonly StateVersion[];
}

/**
 * The changes of each batch to the state of each operator: one file per partition and version,
 * `<directory>/state/<operator>/<partitions>-<partition>/<batch>-<attempt>-<epoch>.delta`. Each file names the version it
 * builds on, so the state of a version is read along that chain: what it does not name is not part of it, such as files of
 * batches that were not committed and of attempts that did not count, and a missing file is noticed.
 *
 * A snapshot, `<batch>-<attempt>-<epoch>.snapshot` beside them, replaces the chain up to its version. `prune` removes files
 * that two snapshots have made unnecessary: the newer of the two may turn out to be damaged, and a reader that listed the
 * files before it was written still finds its choice.
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

  /** Writes the delta of a version. Atomic. */
  async write(partition: StatePartition, content: DeltaContent): Promise<void> {
    const { version, previous } = content;
    assert(follows(version, previous), `delta ${version.batch} builds on ${previous?.batch}`);
    const path = this.#path(partition, version, "delta");
    beforeStep("delta", path);
    await this.#files.write(path, encodeDelta(content, this.#hashVersion));
    afterStep("delta", path);
  }

  /** Writes the state as of a committed version. Atomic; removes nothing. */
  async writeSnapshot(partition: StatePartition, content: SnapshotContent): Promise<void> {
    const path = this.#path(partition, content.version, "snapshot");
    beforeStep("snapshot", path);
    await this.#files.write(path, encodeSnapshot(content, this.#hashVersion));
    afterStep("snapshot", path);
  }

  /**
   * Removes files that no read of the state as of batch `oldest` or a later one needs. It may be interrupted anywhere: leftovers are
   * removed the next time, and do not affect reading.
   */
  async prune(partition: StatePartition, oldest: EpochMs): Promise<void> {
    const { deltas, snapshots } = await this.#list(partition);
    const base = snapshots.filter(({ batch }) => batch <= oldest).at(-2);
    if (base === undefined) return;
    for (const version of snapshots)
      if (version.batch < base.batch) await this.#files.remove(this.#path(partition, version, "snapshot"));
    for (const version of deltas)
      if (version.batch <= base.batch) await this.#files.remove(this.#path(partition, version, "delta"));
  }

  /** The versions with a delta, live or not, by batch, oldest first. Other files are ignored. */
  async versions(partition: StatePartition): Promise<readonly StateVersion[]> {
    return (await this.#list(partition)).deltas;
  }

  /**
   * The parts that make up the state as of `head`; apply them in this order. A snapshot that is damaged is skipped for an
   * older one.
   *
   * @param head Nothing is read if there is none, or if it is not in the directory.
   * @throws STATE_DELTA_MISSING A delta that another builds on is missing.
   * @throws STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN
   */
  async *read(partition: StatePartition, head: StateVersion | undefined): AsyncGenerator<StatePart, void, undefined> {
    if (head === undefined) return;
    const { snapshot, chain } = await this.#choose(partition, head);
    if (snapshot !== undefined) yield { kind: "snapshot", ...snapshot };
    const ahead: Promise<StateDelta>[] = [];
    try {
      for (let next = 0; next < chain.length || ahead.length > 0; ) {
        for (; next < chain.length && ahead.length < READ_AHEAD; next++) {
          const version = chain[next];
          if (version === undefined) continue;
          const delta = this.#readDelta(partition, version);
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
    const found: Record<"delta" | "snapshot", StateVersion[]> = { delta: [], snapshot: [] };
    for (const entry of (await entriesOf(this.#files, folder)) ?? []) {
      const match = entry.kind === "file" ? FILE_NAME.exec(entry.name) : null;
      const version = parseVersionName(match?.[1] ?? "");
      if (version !== undefined) found[match?.[2] === "delta" ? "delta" : "snapshot"].push(version);
    }
    const inOrder = (versions: StateVersion[]) => versions.sort((a, b) => a.batch - b.batch);
    return { deltas: inOrder(found.delta), snapshots: inOrder(found.snapshot) };
  }

  /** The newest readable snapshot of a version that `head` builds on, and the deltas after it. */
  async #choose(
    partition: StatePartition,
    head: StateVersion,
  ): Promise<{ readonly snapshot: StateSnapshot | undefined; readonly chain: readonly StateVersion[] }> {
    const { deltas, snapshots } = await this.#list(partition);
    const candidates = deltas.filter(({ batch }) => batch <= head.batch);
    if (![...candidates, ...snapshots].some((version) => isSameVersion(version, head)))
      return { snapshot: undefined, chain: [] };
    let damage: unknown;
    for (const base of snapshots.filter(({ batch }) => batch <= head.batch).reverse()) {
      try {
        const later = candidates.filter(({ batch }) => batch > base.batch);
        const chain = await this.#chain(partition, head, later, base);
        return { snapshot: await this.#readSnapshot(partition, base), chain };
      } catch (error) {
        damage ??= error; // report the newest: it is the one that should have worked
      }
    }
    try {
      return { snapshot: undefined, chain: await this.#chain(partition, head, candidates, undefined) };
    } catch (error) {
      throw damage ?? error;
    }
  }

  /** Walks from `head` to the delta that builds on `base`, then reverses. */
  async #chain(
    partition: StatePartition,
    head: StateVersion,
    candidates: readonly StateVersion[],
    base: StateVersion | undefined,
  ): Promise<readonly StateVersion[]> {
    const headers = await this.#headers(partition, candidates);
    const chain: StateVersion[] = [];
    let builtOnIt: StateVersion | undefined;
    for (let version: StateVersion | undefined = head; !isSameVersion(version, base); ) {
      const header: DeltaHeader | undefined = version && headers.get(versionName(version));
      if (version === undefined || header === undefined) throw this.#missing(partition, version, builtOnIt);
      chain.push(version);
      builtOnIt = version;
      version = header.previous;
    }
    return chain.reverse();
  }

  async #headers(
    partition: StatePartition,
    versions: readonly StateVersion[],
  ): Promise<ReadonlyMap<string, DeltaHeader>> {
    const headers = new Map<string, DeltaHeader>();
    for (let i = 0; i < versions.length; i += HEADERS_AT_ONCE) {
      const some = versions.slice(i, i + HEADERS_AT_ONCE);
      for (const header of await Promise.all(some.map((version) => this.#readHeader(partition, version))))
        headers.set(versionName(header.version), header);
    }
    return headers;
  }

  async #readHeader(partition: StatePartition, version: StateVersion): Promise<DeltaHeader> {
    const path = this.#path(partition, version, "delta");
    const head = await this.#files.read(path, { start: 0, end: HEADER_BYTES });
    const header = decodeHeader(path, head, this.#hashVersion);
    if (!isSameVersion(header.version, version) || !follows(version, header.previous)) {
      const previous = header.previous === undefined ? "nothing" : versionName(header.previous);
      throw corrupt(path, `its header says version ${versionName(header.version)}, built on ${previous}`);
    }
    return header;
  }

  async #readDelta(partition: StatePartition, version: StateVersion): Promise<StateDelta> {
    const path = this.#path(partition, version, "delta");
    return decodeDelta(path, await this.#files.read(path), this.#hashVersion);
  }

  async #readSnapshot(partition: StatePartition, version: StateVersion): Promise<StateSnapshot> {
    const path = this.#path(partition, version, "snapshot");
    const snapshot = decodeSnapshot(path, await this.#files.read(path), this.#hashVersion);
    if (!isSameVersion(snapshot.version, version))
      throw corrupt(path, `its header says version ${versionName(snapshot.version)}`);
    return snapshot;
  }

  #path(partition: StatePartition, version: StateVersion, kind: "delta" | "snapshot"): Location {
    return within(this.#folder(partition), `${versionName(version)}.${kind}`);
  }

  #folder(partition: StatePartition): Location {
    return within(this.#operatorFolder(partition.operator), `${partition.partitions}-${partition.partition}`);
  }

  #operatorFolder(operator: string): Location {
    return within(this.#directory, "state", folderName(operator));
  }

  #missing(partition: StatePartition, version: StateVersion | undefined, builtOnIt: StateVersion | undefined): Error {
    const what = version === undefined ? "a snapshot" : this.#path(partition, version, "delta");
    const builds = builtOnIt === undefined ? "" : `, and the delta ${versionName(builtOnIt)} builds on it`;
    return stateDeltaMissing(
      `the state of ${partition.operator}, partition ${partition.partition} of ${partition.partitions}, cannot be loaded: ` +
        `${what} is missing${builds}. The job stops. ` +
        `Restore the file from a copy of the checkpoint directory, or start the job with an empty one.`,
      {
        fields: {
          operator: partition.operator,
          partition: partition.partition,
          ...(version === undefined ? {} : { version: versionName(version) }),
        },
      },
    );
  }
}

/** Versions that build on each other are of ascending batches. */
function follows(version: StateVersion, previous: StateVersion | undefined): boolean {
  return previous === undefined || (previous.batch > 0 && previous.batch < version.batch);
}

/** A name valid in any file system and distinct per operator: other characters become `%` and four hex digits. */
function folderName(operator: string): string {
  const hexed = (unit: string): string => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const name = operator.replace(/[^A-Za-z0-9_.-]/g, hexed); // without the u flag: lone surrogates are ordinary units
  return name === "" ? "%" : name.replace(/^\./, hexed);
}
