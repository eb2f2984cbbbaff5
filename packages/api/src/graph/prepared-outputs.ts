import { assert, type EpochMs, unreachable } from "@millrace/base";
import type { LoggedBatches, OutputInfo, PreparedOutput } from "@millrace/plan";
import type { JobContext } from "../job/job-context.ts";
import { discardFiles, publishFiles } from "../output/staged-files.ts";
import type { Output, OutputBatch, OutputSink } from "./graph-builder.ts";

/** What the outputs of a job have prepared, on its way to being visible, or gone. */
export class PreparedOutputs {
  /** As ids of batches have it. */
  #job: string;
  readonly #context: JobContext;
  readonly #outputs: readonly { readonly output: Output; readonly info: OutputInfo }[];

  constructor(
    job: string,
    context: JobContext,
    outputs: readonly { readonly output: Output; readonly info: OutputInfo }[],
  ) {
    this.#job = job;
    this.#context = context;
    this.#outputs = outputs;
  }

  /** @param id Tells the job from others of its name. */
  begin(id: string): void {
    if (id !== "") this.#job += `.${id}`;
  }

  /** An output of a batch under its stable id. */
  batchOf(time: EpochMs, { name }: Pick<OutputInfo, "name">): OutputBatch {
    return { id: `${this.#idOf(name)}/${time}`, time, output: name, epoch: this.#context.epoch };
  }

  /** Tells each sink what an earlier run has left. Only for a job with a batch log. */
  async recover(found: LoggedBatches | undefined): Promise<void> {
    for (const { output, info } of this.#outputs) await output.sink?.recover(this.#startOf(info, found));
  }

  async commit(time: EpochMs, prepared: PreparedOutput): Promise<void> {
    switch (prepared.kind) {
      case "files":
        return publishFiles(this.#context.port.files, prepared, this.#context.conf);
      case "sink":
        return this.#sinkOf(prepared).commit(this.batchOf(time, prepared.output), prepared.written);
      default:
        return unreachable(prepared);
    }
  }

  /** Never rejects. */
  async discard(time: EpochMs, prepared: PreparedOutput): Promise<void> {
    switch (prepared.kind) {
      case "files":
        return discardFiles(this.#context.port.files, prepared);
      case "sink":
        return this.#sinkOf(prepared).abort(this.batchOf(time, prepared.output), prepared.written);
      default:
        return unreachable(prepared);
    }
  }

  #startOf({ name }: OutputInfo, found: LoggedBatches | undefined): Parameters<OutputSink["recover"]>[0] {
    const about = { id: this.#idOf(name), output: name, epoch: this.#context.epoch };
    const last = found?.committed.last || undefined; // 0 before the first
    const { pending } = found ?? {};
    if (pending === undefined) return { ...about, committed: last, pending: undefined };
    // Of a batch that is to run again, some outputs may be committed.
    if (pending.done.some((done) => done.name === name))
      return { ...about, committed: pending.time, pending: undefined };
    const writes = pending.prepared?.outputs.find(({ output }) => output.name === name);
    const written = writes?.kind === "sink" ? writes.written : undefined;
    return { ...about, committed: last, pending: { batch: this.batchOf(pending.time, { name }), written } };
  }

  /** What the ids of all batches of an output begin with. */
  #idOf(name: string): string {
    return `${this.#job}/${name}`;
  }

  #sinkOf({ output }: PreparedOutput): OutputSink {
    const sink = this.#outputs.find(({ info }) => info.name === output.name)?.output.sink;
    assert(sink !== undefined, `${output.label} has prepared writes of a sink that it does not have`);
    return sink;
  }
}
