import type { ExecutorId, JobId, Millis, TakeOutput } from "@millrace/base";
import type { EditorSettings, ExternalPackage } from "@millrace/bundler";
import type {
  CheckpointReport,
  ImportedState,
  ImportRequest,
  Savepoints,
  StateData,
} from "@millrace/driver/checkpoint";
import type { Connection, DeclaredJob, Master, RunFailure } from "@millrace/driver/embedded";
import type { BatchSummary, DrainSummary, PortRange, TlsFiles } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";

export type { CheckpointReport, ImportedPair, KeyChange, StateRow } from "@millrace/driver/checkpoint";

/** The two steps of an interruption: a first Ctrl-C or SIGTERM, and a second one. */
export interface Interrupts {
  readonly graceful: AbortSignal;
  readonly immediate: AbortSignal;
}

export interface RunRequest {
  readonly jobFile: string;
  readonly master: Master;
  /** The number of batches to complete before a graceful stop; `undefined`: until interrupted. */
  readonly batches: number | undefined;
  /** End when the sources have given what they held at the start. */
  readonly availableNow: boolean;
  readonly conf: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Names of what may be dropped from the checkpoint. */
  readonly drop: readonly string[];
  readonly signal: Interrupts;
  /** Takes the job's output. */
  readonly output: TakeOutput;
  /** Warnings for the operator. */
  readonly onWarning: (message: string) => void;
  readonly onProgress: (step: string) => void;
  /** Called when a batch begins and when it is done. */
  readonly onBatch: (batch: BatchSummary) => void;
  /** Called while the job stops gracefully, whenever it waits for something else. */
  readonly onDraining: (draining: DrainSummary) => void;
  /** Called with the path of each of the author's files, before it is read. */
  readonly onFile: (path: string) => void;
}

/** Watches the folders of files. */
export interface FileWatcher {
  add(file: string): void;
  close(): void;
}

/** Authentication of a process and its peers: the cluster's token, and the files of TLS. */
export interface ClusterSecurity {
  readonly token: string | undefined;
  /** Empty: no TLS. */
  readonly tls: TlsFiles;
}

export interface DriverRequest extends ClusterSecurity {
  readonly host: string;
  readonly port: number;
  readonly uiPort: number;
  readonly dataDir: string;
  /** The host at which executors dial job drivers; `undefined`: the one at which they dialled the driver. */
  readonly advertise: string | undefined;
  /** The ports on which job drivers listen; `undefined`: any free ones. */
  readonly jobPorts: PortRange | undefined;
  readonly insecure: boolean;
  /** The time that a graceful stop waits for the jobs' last batches. */
  readonly graceMs: number;
  /** The longest pause before a process of a job is restarted. */
  readonly restartPauseMax: Millis;
}

export interface DriverHandle {
  /** Rejects if another driver has taken over the data directory, when this one's jobs have ended. */
  readonly taken: Promise<never>;
  /** host:port of executors and operators. */
  readonly address: string;
  /** host:port of the health checks. */
  readonly health: string;
  /**
   * Resolves when everything has stopped, with the jobs that were killed; `graceful: false` ends jobs at once, even
   * during a graceful stop.
   */
  stop(graceful: boolean): Promise<readonly JobId[]>;
}

export interface ExecutorRequest extends ClusterSecurity {
  /** host:port of the driver. */
  readonly driver: string;
  /** Its name in the cluster; no other connected executor may have it. */
  readonly executor: ExecutorId;
  readonly slots: number;
  /** Memory limit of each job's process; `undefined`: three quarters of what this process may use. */
  readonly memoryBytes: number | undefined;
  readonly workDir: string;
  readonly host: string;
  /** The host at which other processes dial it; `undefined`: `host`. */
  readonly advertise: string | undefined;
  readonly insecure: boolean;
  /** The time that a graceful stop waits for its jobs to release it. */
  readonly graceMs: number;
  /** The longest pause between two attempts to reach the driver. */
  readonly dialPauseMax: Millis;
}

export interface ExecutorHandle {
  /** Settles when it has ended for good: with the reason if the driver refused it. */
  readonly ended: Promise<Error | undefined>;
  /** Resolves when it has left; `graceful: false`: at once, even during a graceful stop. */
  stop(graceful: boolean): Promise<void>;
}

export interface CheckRequest {
  readonly jobFile: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly signal: Interrupts;
  /** Takes the output of `build`. */
  readonly output: TakeOutput;
  readonly onWarning: (message: string) => void;
  readonly onProgress: (step: string) => void;
}

interface JobCheckRequest extends CheckRequest {
  /** Also try to reach what the job reads and writes. */
  readonly connects: boolean;
}

interface CheckpointCheckRequest extends CheckRequest {
  readonly directory: string;
  /** The job's, in place of its own. */
  readonly name: string | undefined;
}

/** What the checkpoint and a job have under one name. */
export type CheckpointFinding = NonNullable<DeclaredJob["findings"]>[number];

/** A job as it travels. */
export interface BundledJob {
  /** Packed. */
  readonly artefact: Uint8Array;
  readonly externals: readonly ExternalPackage[];
}

/** The result of checking a job without running it. */
export interface CheckedJob {
  readonly entry: string;
  readonly name: string;
  readonly files: number;
  readonly functions: number;
  readonly externals: readonly ExternalPackage[];
  /** If they were to be tried. */
  readonly connections?: readonly Connection[] | undefined;
}

/**
 * Everything the commands need from the engine. The command line contains no part of it: {@link engine} in
 * `engine-adapter.ts` loads each part on demand, so that `jobs` does not pay for a compiler; tests supply their own.
 */
export interface Engine {
  /**
   * Bundles the job and runs it to its end. Resolves with its failure; `undefined`: its batches are done, or it was
   * stopped without loss.
   */
  runEmbedded(request: RunRequest): Promise<RunFailure | undefined>;
  /**
   * @param onChange Called with the path of whatever changes in the folders of the files that are added.
   * @param onWarning Called when a folder cannot be watched.
   */
  watchFiles(onChange: (path: string) => void, onWarning: (message: string) => void): FileWatcher;
  startDriver(request: DriverRequest): Promise<DriverHandle>;
  startExecutor(request: ExecutorRequest): Promise<ExecutorHandle>;
  /** Memory this process may use, in bytes: the machine's, or less if a control group limits it. */
  memoryLimit(): Promise<number>;
  /** @param driver `host:port`; anything else is refused with BAD_ADDRESS. */
  connect(driver: string, security: ClusterSecurity): Promise<OperatorClient>;
  /** The job, ready to submit; syntax, imports and static captures have been checked. */
  bundle(file: string, onProgress: (step: string) => void): Promise<BundledJob>;
  /** The type errors of a job's file, if any. Takes seconds. */
  typeErrors(file: string): Promise<Error | undefined>;
  /**
   * Like `bundle`, then types, then the declarations of `build`: captures of its functions, and completeness of the
   * graph; then, if asked for, whether what it names outside can be reached.
   */
  check(request: JobCheckRequest): Promise<CheckedJob>;
  /** What a job would find in a checkpoint directory. */
  checkCheckpoint(request: CheckpointCheckRequest): Promise<readonly CheckpointFinding[]>;
  /** What is in a checkpoint directory. */
  inspectCheckpoint(directory: string): Promise<CheckpointReport>;
  /** The state in a checkpoint directory or a savepoint. */
  openState(directory: string): Promise<StateData>;
  /** Makes a checkpoint out of keys with their states. */
  importState(request: ImportRequest): Promise<ImportedState>;
  /** The savepoints in a checkpoint directory. */
  savepoints(directory: string): Promise<Pick<Savepoints, "create" | "list" | "delete">>;
  /** Writes a `tsconfig.json` for the jobs of a folder, which is made if it is not there. */
  init(folder: string): Promise<EditorSettings>;
}
