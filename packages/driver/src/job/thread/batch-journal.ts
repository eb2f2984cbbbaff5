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
import type {
  BatchInput,
  BatchLogEntry,
  CommittedBatches,
  JobIdentity,
  LoggedBatches,
  PendingBatch,
  PreparedBatch,
} from "@millrace/plan";
import { abandoned, afterBatch, type LoggedEnd, recallBatches } from "@millrace/scheduler";
import { BatchLog, checkpointOtherInterval, checkpointOtherJob } from "@millrace/storage/batch-log";

type Logged = Pick<JobGraph, "name" | "batchIntervalMs" | "checkpointDir" | "memory">;

const checkpointWithoutLog: WarningFactory = warningKind("CHECKPOINT_WITHOUT_LOG");

/** Keeps the batch log of a job: what the batch generator asks to log, as entries. */
export class BatchJournal {
  readonly #log: BatchLog;
  readonly #identity: JobIdentity;
  readonly #memory: (except: EpochMs | undefined) => GraphMemory;
  /** The log of an earlier run of the job. */
  readonly found: LoggedBatches | undefined;
  #zeroTime: EpochMs = epochMs(0);
  #committed: CommittedBatches = { last: epochMs(0), states: new Map() };
  #pending: PendingBatch | undefined;

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
  }

  /** Becomes the owner of the directory; called when the graph has recalled what was found. */
  async take(zeroTime: EpochMs): Promise<void> {
    this.#zeroTime = zeroTime;
    if (this.found !== undefined) {
      this.#committed = this.found.committed;
      this.#pending = this.found.pending;
    }
    await this.#log.take(this.#base());
  }

  async planned(input: BatchInput): Promise<void> {
    const { time, inputs } = input;
    const { states } = this.#committed;
    const done = this.#pending?.time === time ? this.#pending.done : [];
    this.#pending = { time, inputs, states, prepared: undefined, error: undefined, done };
    await this.#log.append({ kind: "planned", input });
  }

  async prepared(time: EpochMs, prepared: PreparedBatch, error: WireError | undefined): Promise<void> {
    this.#pending = { ...this.#pendingAt(time), prepared, error };
    // The failure has changed the inputs' memory as well.
    if (error === undefined) await this.#log.append({ kind: "prepared", time, prepared });
    else await this.#log.replace(this.#base());
  }

  async ended(ended: LoggedEnd): Promise<void> {
    const { time } = ended;
    const pending = this.#pendingAt(time);
    switch (ended.end) {
      case "committed":
        this.#pending = undefined;
        this.#committed = afterBatch(this.#committed, time, ended.states);
        if (ended.failed || this.#log.grown) return this.#log.replace(this.#base());
        return this.#log.append({ kind: "committed", time, states: ended.states });
      case "abandoned":
        this.#pending = abandoned(pending, ended.done);
        return this.#log.append({ kind: "abandoned", time, done: ended.done });
      default:
        return unreachable(ended);
    }
  }

  #pendingAt(time: EpochMs): PendingBatch {
    assert(this.#pending?.time === time, `batch ${time} is logged, and ${this.#pending?.time ?? "none"} was planned`);
    return this.#pending;
  }

  #base(): Extract<BatchLogEntry, { readonly kind: "base" }> {
    const committed = this.#committed;
    const pending = this.#pending;
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
