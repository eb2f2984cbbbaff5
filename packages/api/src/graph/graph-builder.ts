import { type DurationLike, type EpochMs, parseDuration, streamId } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { Lineage, OutputInfo, ReceiverPlan, ReceiverSpec, SinkWrites } from "@millrace/plan";
import type { BatchScope } from "../batch/batch-scope.ts";
import type { JobContext } from "../job/job-context.ts";
import type { FileInput } from "../port/graph-port.ts";
import type { StorageLevel } from "../rdd/storage-level.ts";
import { checkPath, resolvePath } from "../source/found-files.ts";
import { type Outside, placeOutside } from "./outside.ts";
import { PartNames } from "./part-names.ts";
import type { NamedInput, PolledInput, StreamNode } from "./stream-node.ts";

/** The work of an output operation on its stream's RDD in a batch. */
export type OutputBody = (lineage: Lineage, scope: BatchScope, output: OutputInfo, batch: OutputBatch) => Promise<void>;

/** One output of one batch: see the public `SinkBatch`. */
export interface OutputBatch {
  readonly id: string;
  readonly time: EpochMs;
  readonly output: string;
  readonly epoch: number;
}

/** What an earlier run has left of an output: see the public `SinkStart`. */
interface OutputStart {
  readonly id: string;
  readonly output: string;
  readonly epoch: number;
  readonly committed: EpochMs | undefined;
  readonly pending: { readonly batch: OutputBatch; readonly written: SinkWrites["written"] | undefined } | undefined;
}

/** Commits and discards the writes of an output to a package's sink. */
export interface OutputSink {
  /** @throws JOB_CODE_FAILED */
  recover(start: OutputStart): Promise<void>;
  /** @throws SINK_COMMIT_FAILED */
  commit(batch: OutputBatch, written: SinkWrites["written"]): Promise<void>;
  /** Never rejects. */
  abort(batch: OutputBatch, written: SinkWrites["written"]): Promise<void>;
}

/** An output operation, as `print` and others return it. */
export interface OutputOperation {
  /** Names this output in the checkpoint; unique among the outputs and streams of the job. */
  named(id: string): this;
}

export interface Output {
  readonly id: number;
  /** `print` */
  readonly operator: string;
  /** `print of map at job.ts:4:6` */
  readonly label: string;
  readonly stream: StreamNode;
  readonly body: OutputBody;
  readonly sink: OutputSink | undefined;
  /** Its stack has the line where the author declared the output. */
  readonly declared: Error;
}

/** Something on the driver that begins and ends with the job. */
export interface LifePart {
  /** Called before the first batch, which waits for it. */
  begin?(): Promise<void>;
  /**
   * Called after the last batch. Never rejects.
   *
   * @param error The reason why the job failed, if it did.
   * @returns True if code of the job may still run for a moment.
   */
  end?(error: Error | undefined): Promise<boolean>;
}

/** The graph of streams as `build` declares it. */
export class GraphBuilder {
  readonly context: JobContext;
  readonly batchIntervalMs: number;
  /** The job runs up to what its inputs hold at the start. */
  readonly availableNow: boolean;
  #checkpointDir: Location;
  #logged: boolean;
  #rememberMs = 0;
  readonly #outputs: Output[] = [];
  readonly #receivers: {
    readonly node: NamedInput;
    readonly spec: () => ReceiverSpec;
    readonly level: StorageLevel;
  }[] = [];
  /** The inputs without a receiver. All of these lists are in the order of declaration. */
  readonly #inputs: PolledInput[] = [];
  readonly #files: { readonly node: StreamNode; readonly directory: Location; readonly list: FileInput["list"] }[] = [];
  #polls = false;
  readonly #life: LifePart[] = [];
  readonly names: PartNames = new PartNames();

  /** @param options.logged The job names its checkpoint directory. */
  constructor(
    context: JobContext,
    options: {
      readonly batchIntervalMs: number;
      readonly checkpointDir: Location;
      readonly logged: boolean;
      readonly availableNow: boolean;
    },
  ) {
    this.context = context;
    this.batchIntervalMs = options.batchIntervalMs;
    this.availableNow = options.availableNow;
    this.#checkpointDir = options.checkpointDir;
    this.#logged = options.logged;
  }

  output(operator: string, stream: StreamNode, body: OutputBody, sink?: OutputSink): OutputOperation {
    const { context, names } = this;
    context.requireBuilding(operator);
    const label = `${operator} of ${stream.label}`;
    const output = { id: this.#outputs.length, operator, label, stream, body, sink, declared: new Error(label) };
    this.#outputs.push(output);
    names.addOutput(output);
    return {
      named(id) {
        context.requireBuilding("named");
        names.give(output, id);
        return this;
      },
    };
  }

  get outputs(): readonly Output[] {
    return this.#outputs;
  }

  /** Adds an input without a receiver, after {@link PartNames.addSource}. */
  addPolledInput(node: PolledInput): void {
    this.#inputs.push(node);
  }

  /** The inputs without a receiver, in the order of declaration. */
  get inputs(): readonly PolledInput[] {
    return this.#inputs;
  }

  /** Declares that an input finds new data only when it is asked, so that every batch asks. */
  requirePolling(): void {
    this.#polls = true;
  }

  get polls(): boolean {
    return this.#polls;
  }

  /** Adds a part of the job's life. Parts begin one after the other, in the order of declaration, and end concurrently. */
  addLife(part: LifePart): void {
    this.#life.push(part);
  }

  get life(): readonly LifePart[] {
    return this.#life;
  }

  addReceiver(node: NamedInput, spec: () => ReceiverSpec, level: StorageLevel): void {
    this.#receivers.push({ node, spec, level });
  }

  addFiles(node: StreamNode, directory: Location, list: FileInput["list"]): void {
    this.requirePolling();
    this.#files.push({ node, directory, list });
  }

  fileInputs(): FileInput[] {
    return this.#files.map(({ node, directory, list }) => ({ name: this.nameOf(node) ?? node.label, directory, list }));
  }

  /** Streams with state, which every batch brings up to date. */
  get states(): readonly StreamNode[] {
    return this.names.states;
  }

  /** The time for which batches are remembered, at least. */
  get rememberMs(): number {
    return this.#rememberMs;
  }

  /** `ssc.remember`. @throws GRAPH_CLOSED, BAD_DURATION */
  remember(duration: DurationLike): void {
    this.context.requireBuilding("remember");
    this.#rememberMs = Math.max(this.#rememberMs, parseDuration(duration, "the duration of remember"));
  }

  /** The directory of state. */
  get checkpointDir(): Location {
    return this.#checkpointDir;
  }

  /** The job names that directory, and goes on from it when it is started again. */
  get logged(): boolean {
    return this.#logged;
  }

  /** `ssc.checkpoint`. @throws GRAPH_CLOSED, BAD_ARGUMENT, FILE_SYSTEM_UNKNOWN */
  checkpoint(directory: string): void {
    this.context.requireBuilding("checkpoint");
    this.#checkpointDir = resolvePath(this.context, checkPath(directory, "checkpoint"), "checkpoint");
    this.#logged = true;
  }

  get stateful(): boolean {
    return this.states.length > 0;
  }

  nameOf(node: StreamNode): string | undefined {
    return this.names.givenTo(node);
  }

  /** The inputs with a receiver, in the order of declaration. */
  get received(): readonly NamedInput[] {
    return this.#receivers.map(({ node }) => node);
  }

  /** What the job reads and writes outside; receivers connect by themselves alone. */
  outside(): Outside[] {
    const received = this.#receivers.map(({ node }): Outside => ({ name: node.label, use: "source" }));
    const checkpoint = this.#logged
      ? [placeOutside(this.context.port, { path: this.#checkpointDir, use: "checkpoint" })]
      : [];
    return [...received, ...this.context.outside, ...checkpoint];
  }

  /** The receivers of the job, with the current values of their captures. */
  receivers(): ReceiverPlan[] {
    return this.#receivers.map(({ node, spec, level }, index) => ({
      stream: streamId(index),
      input: node.input,
      name: this.nameOf(node) ?? node.label,
      receiver: spec(),
      level,
    }));
  }
}
