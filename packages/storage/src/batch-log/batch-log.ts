import { afterStep, assert, beforeStep, describeThrown, type ErrorFactory, errorKind } from "@millrace/base";
import { type BlockingAppender, entriesOf, type FileSystem, type Location, within } from "@millrace/files";
import type { BaseEntry, BatchEntry, BatchLogEntry } from "@millrace/plan";
import { decodePayload, encodePayload } from "./entry-json.ts";
import { checkpointDamaged } from "./errors.ts";
import { decodeSegment, encodeEntry, encodeSegmentHeader, type RawEntry, type SegmentId } from "./segment-file.ts";

export interface BatchLogOptions {
  readonly files: FileSystem;
  /** The checkpoint directory; the log is in `batches` within it. */
  readonly directory: Location;
  /** Of whoever has the lease of the directory: the one that `take` begins. By default, the next one. */
  readonly epoch?: number;
  /** Entries survive a loss of power: `checkpoint.sync`. */
  readonly sync?: boolean;
}

/** Another owner of a checkpoint directory has followed. */
export const checkpointTaken: ErrorFactory = errorKind("CHECKPOINT_TAKEN", "environment");

const FILE_NAME = /^(\d{1,9})-(\d{1,9})\.log$/;
/** A log is begun anew when it has grown by this much, or to a multiple of its base. */
const GROWTH_BYTES_MIN = 1 << 20;
const GROWTH_OF_BASE = 4;
/** The same bound for file systems without `append`, where every entry is a segment. */
const SEGMENTS_MAX = 64;
/** Attempts to read a log whose owner may replace it meanwhile. */
const READS_MAX = 3;

/**
 * The batch log of a job: `<directory>/batches/<epoch>-<number>.log`. The owner of a directory has an epoch of its own, and begins
 * it with a segment whose first entry is a `base`: all there is to know. Whatever an earlier owner still appends to a
 * segment of its epoch is therefore not read by anyone.
 *
 * A file system that can append has one segment until the log is begun anew; another one has a segment for each entry.
 */
export class BatchLog {
  readonly #files: FileSystem;
  readonly #directory: Location;
  /** The checkpoint directory, if entries are to survive a loss of power. */
  readonly #durable: Location | undefined;
  #current: SegmentId;
  #segment: { readonly appender: BlockingAppender | undefined; entries: number } | undefined;
  /** Bytes since the last base, and of it. */
  #bytes = 0;
  #baseBytes = 0;
  /** What the running batch has prepared is durable. */
  #prepared = false;

  /**
   * Reads what earlier owners of the directory have logged, from the last base on; nothing if there is no log.
   *
   * @throws CHECKPOINT_DAMAGED, CHECKPOINT_NEWER, CHECKPOINT_OLDER, and the errors of the file system.
   */
  static async open(
    options: BatchLogOptions,
  ): Promise<{ readonly log: BatchLog; readonly entries: readonly BatchLogEntry[] }> {
    const directory = within(options.directory, "batches");
    const segments = await listSegments(options.files, directory);
    const newest = segments[0]?.epoch ?? 0;
    const epoch = options.epoch ?? newest + 1;
    if (epoch <= newest) throw logTaken(directory, epoch, newest);
    const log = new BatchLog(options, directory, { epoch: epoch - 1, number: 0 });
    return { log, entries: await readSegments(options.files, directory, segments) };
  }

  private constructor(options: BatchLogOptions, directory: Location, before: SegmentId) {
    this.#files = options.files;
    this.#durable = options.sync === true ? options.directory : undefined;
    this.#directory = directory;
    this.#current = before;
  }

  /** The log has grown so much since its base that a new one is due. */
  get grown(): boolean {
    if (this.#segment?.appender === undefined && this.#current.number >= SEGMENTS_MAX) return true;
    return this.#bytes > Math.max(GROWTH_BYTES_MIN, GROWTH_OF_BASE * this.#baseBytes);
  }

  /** The epoch of the owner, or the one that `take` begins. */
  get epoch(): number {
    return this.#segment === undefined ? this.#current.epoch + 1 : this.#current.epoch;
  }

  /** Begins a new epoch, and becomes the owner of the directory. */
  async take(base: BaseEntry): Promise<void> {
    await this.#begin(base, { epoch: this.#current.epoch + 1, number: 0 });
  }

  /** Replaces all that was logged. */
  async replace(base: BaseEntry): Promise<void> {
    await this.#begin(base, { ...this.#current, number: this.#current.number + 1 });
  }

  /** When this resolves, whoever opens the log next finds the entry. */
  async append(entry: BatchEntry): Promise<void> {
    const segment = this.#segment;
    assert(segment !== undefined, "the owner of a batch log alone appends to it");
    const raw: RawEntry = { kind: entry.kind, payload: encodePayload(entry) };
    this.#bytes += raw.payload.length;
    if (segment.appender !== undefined) {
      const { path } = segment.appender;
      beforeStep(`log.${raw.kind}`, path);
      segment.appender.append(encodeEntry(raw, segment.entries));
      segment.entries += 1;
      if (this.#durable !== undefined && this.#isAwaited(raw.kind)) segment.appender.sync?.();
      return afterStep(`log.${raw.kind}`, path);
    }
    const id = { ...this.#current, number: this.#current.number + 1 };
    await this.#create(id, raw);
    this.#current = id;
  }

  /**
   * Whether an entry has to be durable before the next step. Nothing of a batch counts before it is prepared, and then what was planned is
   * durable with it; without the end of a prepared batch its commit is repeated, which changes nothing.
   */
  #isAwaited(kind: RawEntry["kind"]): boolean {
    if (kind === "planned") return false;
    const known = this.#prepared;
    this.#prepared = kind === "prepared";
    return this.#prepared || !known;
  }

  /** Nothing more is written. */
  close(): void {
    this.#segment?.appender?.close();
    this.#segment = undefined;
  }

  async #begin(base: BaseEntry, id: SegmentId): Promise<void> {
    const payload = encodePayload(base);
    const path = this.#pathOf(id);
    await this.#create(id, { kind: "base", payload });
    this.#segment?.appender?.close();
    this.#segment = undefined;
    this.#current = id;
    this.#segment = { appender: this.#files.blocking?.append?.(path), entries: 1 };
    this.#bytes = 0;
    this.#baseBytes = payload.length;
    const all = await listSegments(this.#files, this.#directory);
    // A leftover is not read, and is removed the next time.
    await Promise.allSettled(
      all.filter((other) => isBefore(other, id)).map((other) => this.#files.remove(this.#pathOf(other))),
    );
  }

  /**
   * Where the file system can tell, a segment that is there already is another owner's; unless it is this one, of an attempt
   * that failed and had done its work.
   */
  async #create(id: SegmentId, first: RawEntry): Promise<void> {
    const path = this.#pathOf(id);
    const parts = [encodeSegmentHeader(id), encodeEntry(first, 0)];
    beforeStep(`log.${first.kind}`, path);
    if (this.#files.writeNew === undefined) await this.#files.write(path, parts);
    else if (!(await this.#files.writeNew(path, parts)) && !(await this.#holds(path, parts)))
      throw logTaken(this.#directory, id.epoch, id.epoch);
    if (this.#durable !== undefined) await this.#files.sync?.([path], this.#durable);
    afterStep(`log.${first.kind}`, path);
  }

  async #holds(path: Location, parts: readonly Uint8Array[]): Promise<boolean> {
    return Buffer.concat(parts).equals(await this.#files.read(path));
  }

  #pathOf(id: SegmentId): Location {
    return pathOf(this.#directory, id);
  }
}

function pathOf(directory: Location, { epoch, number }: SegmentId): Location {
  return within(directory, `${epoch}-${number}.log`);
}

/** The epoch of the newest owner whose log is in a checkpoint directory; 0 if there is none. */
export async function newestEpoch({ files, directory }: BatchLogOptions): Promise<number> {
  return (await listSegments(files, within(directory, "batches")))[0]?.epoch ?? 0;
}

/**
 * The log of a checkpoint directory for somebody who only looks: the directory may be that of a running job, which begins
 * segments and removes others.
 *
 * @throws CHECKPOINT_DAMAGED, CHECKPOINT_NEWER, CHECKPOINT_OLDER, and the errors of the file system.
 */
export async function readBatchLog({
  files,
  directory,
}: BatchLogOptions): Promise<{ readonly epoch: number; readonly entries: readonly BatchLogEntry[] }> {
  const folder = within(directory, "batches");
  for (let reads = 1; ; reads++) {
    const segments = await listSegments(files, folder);
    try {
      return { epoch: segments[0]?.epoch ?? 0, entries: await readSegments(files, folder, segments) };
    } catch (error) {
      if (reads >= READS_MAX) throw error;
    }
  }
}

function logTaken(directory: Location, epoch: number, newest: number): Error {
  return checkpointTaken(
    `the batch log ${directory} has a segment of epoch ${newest}, and this run of the job has epoch ${epoch}: another one owns it, or did. ` +
      "This one is stopped, and nothing more of it becomes visible. Let only one process run a job on a checkpoint directory.",
    { fields: { directory, epoch, newest } },
  );
}

/** Newest first. */
async function listSegments(files: FileSystem, directory: Location): Promise<readonly SegmentId[]> {
  const found: SegmentId[] = [];
  for (const { name, kind } of (await entriesOf(files, directory)) ?? []) {
    const match = kind === "file" ? FILE_NAME.exec(name) : null;
    if (match !== null) found.push({ epoch: Number(match[1]), number: Number(match[2]) });
  }
  return found.sort((a, b) => (isBefore(a, b) ? 1 : -1));
}

function isBefore(a: SegmentId, b: SegmentId): boolean {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.number < b.number);
}

/** The entries of the newest epoch, from its last base on. @param segments Newest first. */
async function readSegments(
  files: FileSystem,
  directory: Location,
  segments: readonly SegmentId[],
): Promise<readonly BatchLogEntry[]> {
  const [newest] = segments;
  if (newest === undefined) return [];
  const entries: BatchLogEntry[] = [];
  for (const [i, id] of segments.entries()) {
    const path = pathOf(directory, id);
    const expected = newest.number - i;
    if (expected < 0) break; // of an earlier epoch
    if (id.epoch !== newest.epoch || id.number !== expected)
      throw checkpointDamaged(path, `segment ${newest.epoch}-${expected} should follow it and is missing`);
    const raw = decodeSegment(path, id, await files.read(path), i === 0);
    const decoded = raw.map((entry) => decodeEntry(path, entry));
    entries.unshift(...decoded);
    if (decoded[0]?.kind === "base") return entries;
  }
  throw checkpointDamaged(pathOf(directory, newest), "no segment of its epoch begins with a base");
}

function decodeEntry(path: Location, { kind, payload }: RawEntry): BatchLogEntry {
  try {
    return decodePayload(kind, payload);
  } catch (error) {
    throw checkpointDamaged(path, `an entry ${kind} does not have what belongs there (${describeThrown(error)})`);
  }
}
