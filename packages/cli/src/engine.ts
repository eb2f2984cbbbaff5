import type { ExecutorId, JobId, Millis, TakeOutput } from "@millrace/base";
import type { Master, RunFailure } from "@millrace/driver/embedded";
import type { BatchSummary, PortRange, TlsFiles } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";

/** The two steps of an interruption: a first Ctrl-C or SIGTERM, and a second one. */
export interface Interrupts {
  readonly graceful: AbortSignal;
  readonly immediate: AbortSignal;
}

export interface RunRequest {
  readonly jobFile: string;
  readonly master: Master;
  /** Completes so many batches, then stops gracefully; `undefined`: until it is interrupted. */
  readonly batches: number | undefined;
  readonly conf: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly signal: Interrupts;
  /** Takes what the job prints and writes. */
  readonly output: TakeOutput;
  /** What its operator should know and that fails nothing. */
  readonly onWarning: (message: string) => void;
  readonly onProgress: (step: string) => void;
  /** A batch begins, and is over. */
  readonly onBatch: (batch: BatchSummary) => void;
}

/** Who may talk to a process and to whom it talks: the cluster's token, and the files of TLS. */
export interface ClusterSecurity {
  readonly token: string | undefined;
  /** Without any: no TLS. */
  readonly tls: TlsFiles;
}

export interface DriverRequest extends ClusterSecurity {
  readonly host: string;
  readonly port: number;
  readonly uiPort: number;
  readonly dataDir: string;
  /** Where executors dial the drivers of jobs; `undefined`: where they dialled the driver. */
  readonly advertise: string | undefined;
  /** Where the drivers of jobs listen; `undefined`: on any free ports. */
  readonly jobPorts: PortRange | undefined;
  readonly insecure: boolean;
  /** How long a graceful stop waits for the jobs' last batches. */
  readonly graceMs: number;
  /** The longest pause before a job's process on an executor is started again. */
  readonly restartPauseMax: Millis;
}

export interface DriverHandle {
  /** host:port of executors and operators. */
  readonly address: string;
  /** host:port of the health checks. */
  readonly health: string;
  /**
   * Resolves when everything is down, with the jobs that were killed; `graceful: false` ends jobs at once, also during a
   * graceful stop.
   */
  stop(graceful: boolean): Promise<readonly JobId[]>;
}

export interface NodeRequest extends ClusterSecurity {
  /** host:port of the driver. */
  readonly driver: string;
  /** Its name in the cluster; another connected executor must not have it. */
  readonly executor: ExecutorId;
  readonly slots: number;
  /** What each job's process may take; `undefined`: three quarters of what this process may use. */
  readonly memoryBytes: number | undefined;
  readonly workDir: string;
  readonly host: string;
  /** Where other executors dial it; `undefined`: at `host`. */
  readonly advertise: string | undefined;
  readonly insecure: boolean;
  /** How long a graceful stop waits for its jobs to let it go. */
  readonly graceMs: number;
  /** The longest pause between two attempts to reach the driver. */
  readonly dialPauseMax: Millis;
}

export interface NodeHandle {
  /** Settles when it is done for good: with the reason when the driver refused it. */
  readonly ended: Promise<Error | undefined>;
  /** Resolves when it has left; `graceful: false`: at once, also during a graceful stop. */
  stop(graceful: boolean): Promise<void>;
}

interface CheckRequest {
  readonly jobFile: string;
  readonly conf: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly signal: Interrupts;
  /** Takes what `build` writes. */
  readonly output: TakeOutput;
  readonly onWarning: (message: string) => void;
  readonly onProgress: (step: string) => void;
}

/** What a job is known to be before it runs. */
export interface CheckedJob {
  readonly entry: string;
  readonly name: string;
  readonly files: number;
  readonly functions: number;
}

/**
 * Everything the commands need of the engine. The command line holds no part of it: {@link engine} in `engine-adapter.ts`
 * loads each when it is asked for, so that `jobs` does not pay for a compiler; tests give their own.
 */
export interface Engine {
  /**
   * Bundles and runs the job to its end. Resolves with how it failed; `undefined`: its batches are done, or it was stopped
   * and has lost nothing.
   */
  runEmbedded(request: RunRequest): Promise<RunFailure | undefined>;
  startDriver(request: DriverRequest): Promise<DriverHandle>;
  startNode(request: NodeRequest): Promise<NodeHandle>;
  /** Memory this process may use, in bytes: the machine's, or less when a control group says so. */
  memoryLimit(): Promise<number>;
  /** @param driver `host:port`; anything else is refused with BAD_ADDRESS. */
  connect(driver: string, security: ClusterSecurity): Promise<OperatorClient>;
  /** The packed artefact, ready to submit; syntax, imports and static captures are checked. */
  bundle(file: string, onProgress: (step: string) => void): Promise<Uint8Array>;
  /** What is wrong with the types of a job's file, if anything is. Takes seconds. */
  typeErrors(file: string): Promise<Error | undefined>;
  /** As `bundle`, and types, then what `build` declares: what its functions capture, and that the graph is whole. */
  check(request: CheckRequest): Promise<CheckedJob>;
}
