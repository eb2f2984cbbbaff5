import { type JobConf, parseConf } from "@millrace/base";
import { badJobOptions, noOutput, notBounded } from "../errors.ts";
import type { JobRegistry } from "../function/job-registry.ts";
import { GraphBuilder } from "../graph/graph-builder.ts";
import { unnamedInWords } from "../graph/part-names.ts";
import { StreamGraph } from "../graph/stream-graph.ts";
import type { EnginePort } from "../port/engine-port.ts";
import type { JobGraph } from "../port/graph-port.ts";
import { resolvePath } from "../source/found-files.ts";
import { checkpointUnnamed } from "../warnings.ts";
import { runAuthorCode } from "./author-code.ts";
import { asJob, type JobDefinition } from "./define-job.ts";
import { JobContext, type OnPrint } from "./job-context.ts";
import { StreamingContext } from "./streaming-context.ts";

export interface BuildOptions {
  readonly port: EnginePort;
  /** The registry that was passed to `installJobHooks` before the job's module was loaded. */
  readonly registry: JobRegistry;
  /** The arguments after `--` on the command line. */
  readonly args: readonly string[];
  /** Replaces the name given to `defineJob`. */
  readonly name?: string | undefined;
  /** Settings of this start, which override those of `defineJob`. */
  readonly conf?: Readonly<Record<string, unknown>>;
  /** The checkpoint directory, unless the job sets one. */
  readonly directory: string;
  /** The job runs up to what its inputs hold at the start, and ends: it may have no receivers. */
  readonly availableNow?: boolean;
  /** For tests of jobs: called after every `print()`. */
  readonly onPrint?: OnPrint;
}

/**
 * All settings of a job, known before `build` runs because some of them determine the process it runs in.
 *
 * @param exported The default export of the job's module.
 * @param given Settings of this start, which override those of `defineJob`.
 * @throws NOT_A_JOB, BAD_CONFIGURATION
 */
export function jobConf(exported: unknown, given: Readonly<Record<string, unknown>>): JobConf {
  return confOf(asJob(exported), given);
}

const confOf = (job: JobDefinition, given: Readonly<Record<string, unknown>> | undefined): JobConf =>
  parseConf({ ...job.options.conf, ...given });

const BUILD = {
  what: "build",
  outcome: "The job is not started; `millrace check` finds errors of types.",
};

/**
 * Runs the job's `build` and checks its declarations. One job per thread, whose module has filled the registry.
 *
 * @param exported The default export of the job's module.
 * @throws NOT_A_JOB, BAD_CONFIGURATION, NO_OUTPUT, NOT_BOUNDED, FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
 * @throws JOB_CODE_FAILED `build` threw an error.
 * @throws BAD_JOB_OPTIONS The received log is on, and there is no directory for it.
 */
export async function buildJob(exported: unknown, options: BuildOptions): Promise<JobGraph> {
  const job = asJob(exported);
  const { port, registry, onPrint } = options;
  const conf = confOf(job, options.conf);
  const context = new JobContext({ port, conf, registry, onPrint });
  const { checkpointDir } = job.options;
  const builder = new GraphBuilder(context, {
    batchIntervalMs: job.batchInterval,
    checkpointDir: resolvePath(context, checkpointDir ?? options.directory, "checkpointDir"),
    logged: checkpointDir !== undefined,
    availableNow: options.availableNow === true,
  });
  const ssc = new StreamingContext(builder);
  await runAuthorCode(BUILD, () => job.build(ssc, options.args));
  context.checkTheRest();
  if (builder.outputs.length === 0) {
    throw noOutput(
      "the job declares no output operation, so no batch would do anything. It is not started. " +
        "End a stream with print, saveAsTextFiles or foreachRDD.",
    );
  }
  if (builder.availableNow) requireBounded(builder);
  if (conf["receiver.log"] === "on" && !builder.logged && builder.received.length > 0) {
    throw badJobOptions(
      "receiver.log is on, but the job names no checkpoint directory, which the received log is a part of. It is not started. " +
        "Set checkpointDir in defineJob, or leave receiver.log off.",
    );
  }
  const graph = new StreamGraph(options.name ?? job.options.name, builder);
  const unnamed = graph.logged ? unnamedInWords(graph.parts) : undefined;
  if (unnamed !== undefined) port.warn(checkpointUnnamed(graph.checkpointDir, unnamed));
  return graph;
}

/** What a receiver is going to receive has no end that could be known at the start. @throws NOT_BOUNDED */
function requireBounded(builder: GraphBuilder): void {
  const names = builder.received.map((node) => builder.nameOf(node) ?? node.label);
  if (names.length === 0) return;
  const [is, it] = names.length === 1 ? ["is a receiver, which holds", "it"] : ["are receivers, which hold", "them"];
  throw notBounded(
    `--available-now reads what the sources hold at the start, but ${names.join(", ")} ${is} nothing before it receives. The job is not started. ` +
      `Run it without --available-now, or replace ${it} by a source that can be read again, such as files.`,
    { fields: { receivers: names.join(", ") } },
  );
}
