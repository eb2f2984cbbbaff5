import { checkExternals, installArtefact } from "@millrace/bundler";
import type { StageTemplate, TemplateId } from "@millrace/plan";
import { SlotPool, type SlotPoolHandlers, type SlotPoolOptions } from "./slot-pool.ts";
import type { TaskSlots } from "./task.ts";

/** A job's code as an executor has it. */
export interface ExecutorCode {
  /** Path of the executor's build. */
  readonly module: string;
  /** Folders to find packages in that are not in the bundle; none when the job has none. */
  readonly externals: readonly string[];
}

/** The slots of one executor, with all that it tells them. */
export interface ExecutorSlots extends TaskSlots {
  /** They take tasks from then on. @throws ARTEFACT_LOAD_FAILED */
  start(): Promise<void>;
  loadTemplate(template: StageTemplate): void;
  dropTemplates(ids: readonly TemplateId[]): void;
  dropBroadcasts(ids: readonly string[]): void;
  /** No attempt comes any more. Resolves when code of the job has nothing pending in any slot, and its errors are told. */
  settle(): Promise<void>;
  /** Ends all slots at once. */
  close(): Promise<void>;
  /** Resolves when everything that code of the job wrote in them has been taken. */
  flush(): Promise<void>;
}

/** Where code of the job runs on an executor: threads of its process, or the thread of a test. */
export interface ExecutorThreads {
  /**
   * Takes the job's code in.
   *
   * @throws The bundler's errors, and JOB_PACKAGES_MISSING.
   */
  install(artefact: Uint8Array, directory: string): Promise<ExecutorCode>;
  slots(options: SlotPoolOptions, handlers: SlotPoolHandlers): ExecutorSlots;
}

/** A worker thread for each slot. */
export const workerThreads: ExecutorThreads = {
  async install(artefact, directory) {
    const { manifest, executor } = await installArtefact(artefact, directory);
    const externals = manifest.externals.length === 0 ? [] : [process.cwd()];
    checkExternals(manifest, externals);
    return { module: executor, externals };
  },
  slots: (options, handlers) => new SlotPool(options, handlers),
};
