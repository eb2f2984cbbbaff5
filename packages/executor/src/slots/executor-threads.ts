import { checkExternals, installArtefact } from "@millrace/bundler";
import { schemeOf } from "@millrace/files";
import type { CheckpointProbe, StageTemplate, TemplateId } from "@millrace/plan";
import { answerProbe, LocalFileSystem, type ProbedProcess } from "@millrace/storage";
import { LogThread } from "../received-log/log-thread.ts";
import type { OpenReceivedLog, ReceivedLog } from "../received-log/received-log.ts";
import { SlotPool, type SlotPoolHandlers, type SlotPoolOptions } from "./slot-pool.ts";
import type { TaskSlots } from "./task.ts";

/** A job's code on an executor. */
export interface ExecutorCode {
  /** Path of the executor's build. */
  readonly module: string;
  /** Directories in which to find packages outside the bundle; none if the job has none. */
  readonly externals: readonly string[];
}

/** The slots of one executor, and the messages to them. */
export interface ExecutorSlots extends TaskSlots {
  /** Starts them; they take tasks once this resolves. @throws ARTEFACT_LOAD_FAILED */
  start(): Promise<void>;
  loadTemplate(template: StageTemplate): void;
  dropTemplates(ids: readonly TemplateId[]): void;
  dropBroadcasts(ids: readonly string[]): void;
  /**
   * No attempt follows. Resolves when the job's code has nothing pending in any slot and its errors have been reported.
   */
  settle(): Promise<void>;
  /** Ends all slots at once. */
  close(): Promise<void>;
  /** Resolves when everything that code of the job wrote in them has been taken. */
  flush(): Promise<void>;
}

/** The threads that run code of the job on an executor: those of its process, or the thread of a test. */
export interface ExecutorThreads {
  /**
   * Loads the job's code.
   *
   * @throws The bundler's errors, and JOB_PACKAGES_MISSING.
   */
  install(artefact: Uint8Array, directory: string): Promise<ExecutorCode>;
  slots(options: SlotPoolOptions, handlers: SlotPoolHandlers): ExecutorSlots;
  receivedLog(options: OpenReceivedLog): ReceivedLog;
  /**
   * @param receivedLog Absent of a job that does not name its checkpoint directory.
   * @throws CHECKPOINT_NOT_SHARED
   */
  answerProbe(probe: CheckpointProbe, who: ProbedProcess, receivedLog: ReceivedLog | undefined): Promise<void>;
}

/** A worker thread for each slot, and one for the received log. */
export const workerThreads: ExecutorThreads = {
  async install(artefact, directory) {
    const { manifest, executor } = await installArtefact(artefact, directory);
    const externals = manifest.externals.length === 0 ? [] : [process.cwd()];
    checkExternals(manifest, externals);
    return { module: executor, externals };
  },
  slots: (options, handlers) => new SlotPool(options, handlers),
  receivedLog: (options) => new LogThread(options),
  // No thread is started for this machine's files; the job's code brings the others.
  answerProbe: (probe, who, receivedLog) =>
    receivedLog === undefined || schemeOf(probe.directory) === "file"
      ? answerProbe(new LocalFileSystem(), probe, who)
      : receivedLog.answerProbe(probe, who),
};
