import type { GraphMemory, JobGraph } from "@millrace/api/engine";
import {
  assert,
  type EpochMs,
  type ErrorFactory,
  epochMs,
  errorKind,
  formatDuration,
  millis,
  unreachable,
  type WarningFactory,
  type WarningSink,
  type WireError,
  warningKind,
} from "@millrace/base";
import { entriesOf, type FileSystem, type Location, schemeOf, within } from "@millrace/files";
import type {
  BaseEntry,
  BatchEntry,
  BatchInput,
  BatchLogEntry,
  JobIdentity,
  JobParts,
  LoggedBatches,
  PreparedBatch,
  ReceivedLogContent,
} from "@millrace/plan";
import {
  afterEntry,
  changesInWords,
  compareParts,
  describedParts,
  type LoggedEnd,
  type LoggedPosition,
  type PartFinding,
  recallBatches,
  settleChanges,
  withoutParts,
} from "@millrace/scheduler";
import { BatchLog, checkpointOtherInterval, checkpointOtherJob, newestEpoch } from "@millrace/storage/batch-log";
import { listReceivedLog, removeSegments } from "@millrace/storage/received-log";
import { findCheckpoint, IMPORT_FOLDER } from "../../checkpoint/found-checkpoint.ts";
import { startFrom } from "../../checkpoint/start-from.ts";
import { type CheckpointOwner, ownCheckpoint } from "../../lease/checkpoint-lease.ts";
import type { HeldLease } from "../../lease/held-lease.ts";
import { drawnId } from "./drawn-id.ts";

type Declared = Pick<JobGraph, "name" | "batchIntervalMs" | "checkpointDir" | "parts">;
type Logged = Declared & Pick<JobGraph, "conf" | "memory">;

/** Names dropped by earlier starts are kept so that a command can be repeated; none is repeated forever. */
const DROPPED_MAX = 100;

const checkpointWithoutLog: ErrorFactory = errorKind("CHECKPOINT_WITHOUT_LOG", "user");
const checkpointChanged: WarningFactory = warningKind("CHECKPOINT_CHANGED");

export interface JournalOptions {
  /** Names of what may be dropped from the checkpoint. */
  readonly drop: readonly string[];
  readonly warn: WarningSink["warn"];
  /** Absent of somebody who only looks, and may look at the log of a running job. */
  readonly owner: CheckpointOwner | undefined;
  /** The job starts from it if its directory is empty. */
  readonly savepoint?: Location | undefined;
}

const UNREMOVED_MAX = 1_000;

const NOTHING_LOGGED: LoggedPosition = {
  committed: { last: epochMs(0), states: new Map() },
  pending: undefined,
  received: new Map(),
};

/**
 * Keeps the batch log of a job: what the batch generator asks to log, as entries, for as long as it has the lease of the
 * directory. Removes what nothing needs of the received log.
 */
export class BatchJournal {
  readonly #files: FileSystem;
  readonly #log: BatchLog;
  readonly #directory: Location;
  readonly #lease: HeldLease | undefined;
  readonly #identity: JobIdentity;
  readonly #parts: JobParts;
  /** Names of what the operator has dropped. */
  readonly dropped: readonly string[];
  readonly #memory: (except: EpochMs | undefined) => GraphMemory;
  /** The log of an earlier run of the job, until this run is the owner of the directory. */
  found: LoggedBatches | undefined;
  /** Segments of the received log that could not be removed. */
  #unremoved: readonly string[] = [];
  #zeroTime: EpochMs = epochMs(0);
  #at: LoggedPosition;

  /**
   * Becomes the owner of the job's checkpoint directory, and reads the log there. Nothing is logged yet.
   *
   * @throws CHECKPOINT_IN_USE, CHECKPOINT_OTHER_JOB, CHECKPOINT_OTHER_INTERVAL, CHECKPOINT_DAMAGED, CHECKPOINT_NEWER,
   *   CHECKPOINT_OLDER, CHECKPOINT_INCONSISTENT, CHECKPOINT_WITHOUT_LOG, and the errors of the file system.
   * @throws CHECKPOINT_NOT_EMPTY, SAVEPOINT_ELSEWHERE, CHECKPOINT_NOT_FOUND It is to start from a savepoint, and cannot.
   * @throws CHECKPOINT_MISMATCH, DROP_UNKNOWN The job was changed in a way that would lose data.
   */
  static async open(
    files: FileSystem,
    graph: Logged,
    { owner, savepoint, ...options }: JournalOptions,
  ): Promise<BatchJournal> {
    const { name, conf, checkpointDir: directory } = graph;
    const lease =
      owner &&
      (await ownCheckpoint(files, directory, {
        job: name,
        lease: conf["checkpoint.lease"],
        owner,
        epochAfter: await epochOf(files, directory, savepoint),
      }));
    try {
      const { log, entries } = await BatchLog.open({
        ...{ files, directory, sync: conf["checkpoint.sync"] === "on" },
        ...(lease && { epoch: lease.epoch }),
      });
      if (savepoint !== undefined && owner !== undefined) {
        const begun = await startFrom(files, { savepoint, directory, entries });
        return new BatchJournal(
          { files, log, lease },
          graph,
          taken(begun, graph, { ...options, fork: begun !== entries }),
        );
      }
      if (entries.length === 0) await refuseWithoutLog(files, directory);
      // Before the first batch and the first received block, so that either of them without it means that it was removed.
      if (lease !== undefined) await files.makeDirectory(within(directory, "batches"));
      return new BatchJournal({ files, log, lease }, graph, taken(entries, graph, options));
    } catch (error) {
      await lease?.release();
      throw error;
    }
  }

  /**
   * What a job would find in a checkpoint directory, which may be that of a running one. Nothing is changed.
   *
   * @throws CHECKPOINT_NOT_FOUND, and the errors of `open` but for those of changes.
   */
  static async compare(files: FileSystem, graph: Declared): Promise<readonly PartFinding[]> {
    const { identity, parts, logged } = await findCheckpoint(files, graph.checkpointDir);
    if (identity !== undefined) checkIdentity(identity, graph);
    return compareParts({ found: logged, before: parts, now: graph.parts });
  }

  private constructor(
    {
      files,
      log,
      lease,
    }: { readonly files: FileSystem; readonly log: BatchLog; readonly lease: HeldLease | undefined },
    graph: Logged,
    { found, dropped, before, id }: Taken,
  ) {
    this.#files = files;
    this.#directory = graph.checkpointDir;
    this.#log = log;
    this.#lease = lease;
    this.#parts = found === undefined ? graph.parts : describedParts({ found, before, now: graph.parts }, log.epoch);
    this.dropped = dropped;
    this.#identity = { name: graph.name, id, batchIntervalMs: graph.batchIntervalMs };
    this.#memory = (except) => graph.memory(except);
    this.found = found;
    const { committed, pending, received } = found ?? NOTHING_LOGGED;
    this.#at = { committed, pending, received }; // without all that is remembered
  }

  /**
   * What is in the received log.
   *
   * @throws RECEIVED_LOG_DAMAGED, RECEIVED_LOG_NEWER, and the errors of the file system.
   */
  received(): Promise<ReceivedLogContent> {
    return listReceivedLog({ files: this.#files, directory: this.#directory });
  }

  /**
   * Removes segments of the received log. What cannot be removed goes with the next ones, or at the next start.
   *
   * @throws CHECKPOINT_TAKEN
   */
  async removeReceived(segments: readonly string[]): Promise<void> {
    await this.prove();
    const those = [...this.#unremoved, ...segments];
    this.#unremoved = [];
    const left = await removeSegments({ files: this.#files, directory: this.#directory }, those);
    this.#unremoved = [...this.#unremoved, ...left].slice(-UNREMOVED_MAX);
  }

  /** Of the checkpoint: tells its job from all others. */
  get id(): string {
    return this.#identity.id;
  }

  /** That of this run. */
  get epoch(): number {
    return this.#log.epoch;
  }

  /**
   * Before each entry, and before anything becomes visible or is removed that another owner may have taken over.
   *
   * @throws CHECKPOINT_TAKEN This process was paused for so long that another one owns the directory.
   */
  async prove(): Promise<void> {
    assert(this.#lease !== undefined, "the owner of a checkpoint directory alone changes it");
    await this.#lease.prove();
  }

  /** Leaves the directory to the next owner. Never rejects. */
  async release(): Promise<void> {
    await this.#lease?.release();
  }

  /** Begins the log of this run; called when the graph has recalled what was found. */
  async take(zeroTime: EpochMs): Promise<void> {
    await this.prove();
    this.#zeroTime = zeroTime;
    // The time of an import is not that of a batch.
    const { committed } = this.#at;
    if (this.found?.zeroTime === undefined) this.#at = { ...this.#at, committed: { ...committed, last: epochMs(0) } };
    await this.#log.take(this.#base());
    this.found = undefined;
  }

  async planned(input: BatchInput): Promise<void> {
    await this.#append({ kind: "planned", input });
  }

  async prepared(time: EpochMs, prepared: PreparedBatch, error: WireError | undefined): Promise<void> {
    if (error === undefined) return this.#append({ kind: "prepared", time, prepared });
    await this.prove();
    const { committed, pending, received } = this.#after({ kind: "prepared", time, prepared });
    this.#at = { committed, pending: pending && { ...pending, error }, received };
    // The failure has changed the inputs' memory as well.
    await this.#log.replace(this.#base());
  }

  async ended(ended: LoggedEnd): Promise<void> {
    const { time } = ended;
    switch (ended.end) {
      case "committed": {
        const entry = { kind: "committed", time, states: ended.states } as const;
        if (!ended.failed && !this.#log.grown) return this.#append(entry);
        await this.prove();
        this.#at = this.#after(entry);
        return this.#log.replace(this.#base());
      }
      case "abandoned":
        return this.#append({ kind: "abandoned", time, done: ended.done });
      default:
        return unreachable(ended);
    }
  }

  async #append(entry: BatchEntry): Promise<void> {
    await this.prove();
    this.#at = this.#after(entry);
    await this.#log.append(entry);
  }

  #after(entry: BatchEntry): LoggedPosition {
    const after = afterEntry(this.#at, entry);
    assert(after !== undefined, `an entry "${entry.kind}" is logged out of order`);
    return after;
  }

  #base(): BaseEntry {
    const { committed, pending, received } = this.#at;
    const base: LoggedBatches = {
      zeroTime: this.#zeroTime,
      committed,
      pending,
      ...this.#memory(pending?.time),
      memoriesAt: pending?.time ?? committed.last,
      received,
    };
    return { kind: "base", identity: this.#identity, parts: this.#parts, dropped: this.dropped, base };
  }
}

/** What a job goes on from. */
interface Taken {
  readonly found: LoggedBatches | undefined;
  /** Names of what this start and earlier ones have dropped. */
  readonly dropped: readonly string[];
  /** The parts of the job when it last ran. */
  readonly before: JobParts;
  /** Of the checkpoint. */
  readonly id: string;
}

/** What a log has for a job that may have been changed since. */
function taken(
  entries: readonly BatchLogEntry[],
  graph: Logged,
  { drop, warn, fork = false }: Pick<JournalOptions, "drop" | "warn"> & { readonly fork?: boolean },
): Taken {
  const directory = graph.checkpointDir;
  const [base] = entries;
  const found = recallBatches(entries);
  if (base?.kind !== "base" || found === undefined) {
    settleChanges([], { directory, drop, dropped: [] });
    return { found: undefined, dropped: [], before: graph.parts, id: drawnId() };
  }
  const { identity } = base;
  // What starts from a savepoint may be another job.
  if (identity !== undefined) checkIdentity(fork ? { ...identity, name: graph.name } : identity, graph);
  const findings = compareParts({ found, before: base.parts, now: graph.parts });
  const changes = settleChanges(findings, { directory, drop, dropped: base.dropped });
  const told = changesInWords(changes, identity === undefined);
  const since =
    identity === undefined
      ? `the job keeps more than the state that was imported into ${directory}`
      : `the job has changed since the checkpoint in ${directory}`;
  if (told !== undefined) warn(checkpointChanged(directory, `${since}: ${told}.`));
  const dropped = new Set([...base.dropped, ...changes.dropped.map(({ name }) => name)]);
  return {
    found: withoutParts(found, changes.dropped),
    dropped: [...dropped].slice(-DROPPED_MAX),
    before: base.parts,
    id: fork || identity === undefined ? drawnId() : identity.id,
  };
}

/** That of a savepoint from which the files of versions are taken. */
async function epochOf(files: FileSystem, directory: Location, savepoint: Location | undefined): Promise<number> {
  if (savepoint === undefined || schemeOf(savepoint) !== schemeOf(directory)) return 0;
  return newestEpoch({ files, directory: savepoint });
}

/**
 * What no log speaks of cannot be told from what was committed: neither its state, nor what was received and is processed already.
 *
 * @throws CHECKPOINT_WITHOUT_LOG
 */
async function refuseWithoutLog(files: FileSystem, directory: Location): Promise<void> {
  const inFolder = async (name: string): Promise<number> =>
    (await entriesOf(files, within(directory, name)))?.length ?? 0;
  const state = (await inFolder("state")) > 0;
  const received = (await files.stat(within(directory, "batches"))) === undefined && (await inFolder("received")) > 0;
  if (!state && !received) return;
  if ((await files.stat(within(directory, IMPORT_FOLDER))) !== undefined) throw cutOff(directory);
  const what = state ? "state" : "records that were received";
  const where = `${directory}/${state ? "state" : "received"}`;
  throw checkpointWithoutLog(
    `the checkpoint directory ${directory} has ${what}, in ${where}, but no log of the batches that ${state ? "it belongs" : "they belong"} to: its folder "batches" was removed, or something else than a job wrote there. ` +
      "The job is not started, and nothing was changed. " +
      `To go on, restore the folder "batches". To begin anew, without that ${state ? "state" : "data"}, give the job an empty directory.`,
    { fields: { directory } },
  );
}

function cutOff(directory: Location): Error {
  return checkpointWithoutLog(
    `state was to be imported into the checkpoint directory ${directory}, and the import was cut off. The job is not started, and nothing was changed. ` +
      "Run `millrace state import` again: it begins anew. To start without that state, give the job an empty directory.",
    { fields: { directory } },
  );
}

function checkIdentity(found: JobIdentity, { name, batchIntervalMs, checkpointDir }: Declared): void {
  if (found.name !== name) throw checkpointOtherJob(checkpointDir, found.name, name);
  if (found.batchIntervalMs === batchIntervalMs) return;
  const inWords = (ms: number): string => formatDuration(millis(ms));
  throw checkpointOtherInterval(checkpointDir, inWords(found.batchIntervalMs), inWords(batchIntervalMs));
}
