import type { GraphMemory, JobGraph } from "@millrace/api/engine";
import {
  assert,
  type EpochMs,
  epochMs,
  formatDuration,
  millis,
  unreachable,
  type WarningFactory,
  type WarningSink,
  type WireError,
  warningKind,
} from "@millrace/base";
import { entriesOf, type FileSystem, within } from "@millrace/files";
import type { BaseEntry, BatchEntry, BatchInput, JobIdentity, LoggedBatches, PreparedBatch } from "@millrace/plan";
import { afterEntry, type LoggedEnd, type LoggedPosition, recallBatches } from "@millrace/scheduler";
import { BatchLog, checkpointOtherInterval, checkpointOtherJob } from "@millrace/storage/batch-log";

type Logged = Pick<JobGraph, "name" | "batchIntervalMs" | "checkpointDir" | "memory">;

const checkpointWithoutLog: WarningFactory = warningKind("CHECKPOINT_WITHOUT_LOG");

/** Keeps the batch log of a job: what the batch generator asks to log, as entries. */
export class BatchJournal {
  readonly #log: BatchLog;
  readonly #identity: JobIdentity;
  readonly #memory: (except: EpochMs | undefined) => GraphMemory;
  /** The log of an earlier run of the job, until this run is the owner of the directory. */
  found: LoggedBatches | undefined;
  #zeroTime: EpochMs = epochMs(0);
  #at: LoggedPosition;

  /**
   * Reads the log in the job's checkpoint directory. Nothing is written yet.
   *
   * @throws CHECKPOINT_OTHER_JOB, CHECKPOINT_OTHER_INTERVAL, CHECKPOINT_DAMAGED, CHECKPOINT_NEWER,
   *   CHECKPOINT_INCONSISTENT, and the errors of the file system.
   */
  static async open(files: FileSystem, graph: Logged, warn: WarningSink["warn"]): Promise<BatchJournal> {
    const directory = graph.checkpointDir;
    const { log, entries } = await BatchLog.open({ files, directory });
    const [base] = entries;
    if (base === undefined && ((await entriesOf(files, within(directory, "state"))) ?? []).length > 0)
      warn(checkpointWithoutLog(directory, withoutLog(directory)));
    if (base?.kind === "base") checkIdentity(base.identity, graph);
    return new BatchJournal(log, graph, recallBatches(entries));
  }

  private constructor(log: BatchLog, graph: Logged, found: LoggedBatches | undefined) {
    this.#log = log;
    this.#identity = { name: graph.name, batchIntervalMs: graph.batchIntervalMs };
    this.#memory = (except) => graph.memory(except);
    this.found = found;
    const { committed, pending } = found ?? { committed: { last: epochMs(0), states: new Map() }, pending: undefined };
    this.#at = { committed, pending };
  }

  /** The epoch that this run has when it is the owner of the directory. */
  get epoch(): number {
    return this.#log.epoch;
  }

  /** Becomes the owner of the directory; called when the graph has recalled what was found. */
  async take(zeroTime: EpochMs): Promise<void> {
    this.#zeroTime = zeroTime;
    await this.#log.take(this.#base());
    this.found = undefined;
  }

  async planned(input: BatchInput): Promise<void> {
    await this.#append({ kind: "planned", input });
  }

  async prepared(time: EpochMs, prepared: PreparedBatch, error: WireError | undefined): Promise<void> {
    if (error === undefined) return this.#append({ kind: "prepared", time, prepared });
    const { committed, pending } = this.#after({ kind: "prepared", time, prepared });
    this.#at = { committed, pending: pending && { ...pending, error } };
    // The failure has changed the inputs' memory as well.
    await this.#log.replace(this.#base());
  }

  async ended(ended: LoggedEnd): Promise<void> {
    const { time } = ended;
    switch (ended.end) {
      case "committed": {
        const entry = { kind: "committed", time, states: ended.states } as const;
        if (!ended.failed && !this.#log.grown) return this.#append(entry);
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
    this.#at = this.#after(entry);
    await this.#log.append(entry);
  }

  #after(entry: BatchEntry): LoggedPosition {
    const after = afterEntry(this.#at, entry);
    assert(after !== undefined, `an entry "${entry.kind}" is logged out of order`);
    return after;
  }

  #base(): BaseEntry {
    const { committed, pending } = this.#at;
    const base: LoggedBatches = {
      zeroTime: this.#zeroTime,
      committed,
      pending,
      ...this.#memory(pending?.time),
      memoriesAt: pending?.time ?? committed.last,
    };
    return { kind: "base", identity: this.#identity, base };
  }
}

function withoutLog(directory: string): string {
  return (
    `the checkpoint directory ${directory} has state, and no log of the batches that it belongs to: the job begins anew, without that state. ` +
    `If it should go on, stop it and restore the folder "batches" there; if not, give it an empty directory.`
  );
}

function checkIdentity(found: JobIdentity, { name, batchIntervalMs, checkpointDir }: Logged): void {
  if (found.name !== name) throw checkpointOtherJob(checkpointDir, found.name, name);
  if (found.batchIntervalMs === batchIntervalMs) return;
  const inWords = (ms: number): string => formatDuration(millis(ms));
  throw checkpointOtherInterval(checkpointDir, inWords(found.batchIntervalMs), inWords(batchIntervalMs));
}
