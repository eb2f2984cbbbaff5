import type { EnginePort } from "./engine-port.ts";
import type { JobGraph } from "./graph-port.ts";

export interface BuildOptions {
  readonly port: EnginePort;
  /** What follows `--` on the command line. */
  readonly args: readonly string[];
  /** Settings of this start; they win over those of `defineJob`. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** Checkpoint directory of a job that names none. */
  readonly directory: string;
}

/**
 * Runs the job's `build` and checks what it declares.
 *
 * @param definition The default export of the job's module.
 */
export async function buildJob(definition: unknown, options: BuildOptions): Promise<JobGraph> {
  throw new Error(`not built yet: ${String(definition)} ${options.directory}`);
}
