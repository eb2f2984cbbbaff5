import { EngineError, type EpochMs, type JobConf } from "@millrace/base";
import type { BlockId, Lineage, ReceiverPlan, ShuffleId } from "@millrace/plan";
import { runAction } from "./action.ts";
import type { BatchScope } from "./batch-scope.ts";
import type { GraphBuilder, Output } from "./graph-builder.ts";
import type { BatchInput, BatchOutcome, JobGraph, OutputInfo } from "./graph-port.ts";
import type { JobContext } from "./job-context.ts";

/** A job's finished graph: makes the RDDs of each batch and runs its outputs. */
export class StreamGraph implements JobGraph {
  readonly name: string;
  readonly batchIntervalMs: number;
  readonly conf: JobConf;
  readonly checkpointDir: string;
  readonly receivers: readonly ReceiverPlan[];
  readonly outputs: readonly OutputInfo[];
  readonly stateful: boolean;
  readonly #context: JobContext;
  readonly #outputs: readonly Output[];
  readonly #scopes = new Map<EpochMs, BatchScope>();

  constructor(name: string, builder: GraphBuilder) {
    this.name = name;
    this.batchIntervalMs = builder.batchIntervalMs;
    this.conf = builder.context.conf;
    this.checkpointDir = builder.checkpointDir;
    this.receivers = builder.receivers();
    this.#outputs = builder.outputs;
    this.outputs = builder.outputs.map(({ id, name: output }) => ({ id, name: output }));
    this.stateful = builder.stateful;
    this.#context = builder.context;
  }

  begin(_zeroTime: EpochMs): void {
    this.#context.begin();
  }

  async runBatch(input: BatchInput): Promise<BatchOutcome> {
    const { time } = input;
    this.forget(time);
    const scope = this.#context.beginBatch({ time, stateVersion: input.stateVersion, rerun: input.rerun ?? false });
    scope.received = input.received;
    this.#scopes.set(time, scope);
    let current: Output | undefined;
    try {
      // All RDDs first: what transform does, and which files are new, is settled before anything runs.
      const lineages: Lineage[] = [];
      for (const output of this.#outputs) {
        current = output;
        lineages.push(await scope.lineageOf(output.stream));
      }
      for (const [i, output] of this.#outputs.entries()) {
        current = output;
        await output.body(lineages[i] as Lineage, scope); // one for each output: see above
      }
      current = undefined;
      await settle(scope);
      await this.#bringStateUp(scope);
      return { time, error: undefined, failedOutput: undefined };
    } catch (error) {
      await settle(scope);
      return { time, error: asError(error), failedOutput: current && { id: current.id, name: current.name } };
    }
  }

  shufflesOf(time: EpochMs): readonly ShuffleId[] {
    return [...(this.#scopes.get(time)?.shuffles.keys() ?? [])];
  }

  forget(time: EpochMs): void {
    const scope = this.#scopes.get(time);
    if (scope === undefined) return;
    this.#scopes.delete(time);
    for (const [shuffle, dependency] of scope.shuffles) {
      this.#context.written.delete(shuffle);
      dependency.id = undefined; // an RDD that the job kept is shuffled again, under a new id
    }
    for (const source of scope.sources) source.inputs = undefined;
    const blocks: readonly BlockId[] = scope.blocks;
    if (blocks.length > 0) this.#context.port.dropBlocks(blocks);
  }

  /** State goes on in every batch, even where the outputs asked for some of its partitions only, or for none. */
  async #bringStateUp(scope: BatchScope): Promise<void> {
    for (const state of scope.states) {
      if (scope.covered.has(state)) continue;
      await runAction(this.#context, { name: state.label, target: state, sink: { kind: "count" } });
    }
  }
}

/** Waits for the actions that the job did not wait for; what they throw is the job's to catch. */
async function settle(scope: BatchScope): Promise<void> {
  while (scope.pending.size > 0) await Promise.allSettled([...scope.pending]);
}

function asError(error: unknown): Error {
  if (error instanceof EngineError || error instanceof Error) return error;
  return new Error(`a thrown value that is not an Error: ${String(error)}`);
}
