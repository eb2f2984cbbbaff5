import { assert, type EpochMs, naming, thrownMessage, warningOf } from "@millrace/base";
import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import { type FunctionRef, LaterSlices, operators } from "@millrace/operators";
import {
  type ExternalInput,
  type FixedInput,
  type InputMemory,
  type Lineage,
  source,
  type TaskInput,
} from "@millrace/plan";
import { badArgument } from "../errors.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { FixedBefore, NodeBatch } from "../graph/stream-node.ts";
import { CONTEXT, GRAPH } from "../internals.ts";
import { callAuthorCode, runAuthorCode } from "../job/author-code.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { checkAll } from "../refusal/check-all.ts";
import { kindOf } from "../refusal/not-given.ts";
import { DirectoryCondition } from "../source/directory-condition.ts";
import { addInputLife } from "../source/input-life.ts";
import { PolledInputNode } from "../source/input-node.ts";
import { DStream } from "../stream/dstream.ts";
import { sourceWaiting, sourceWarned } from "../warnings.ts";
import { SourceRate } from "./source-rate.ts";

/** Records of a range, synchronous or asynchronous; {@link inSlices} is the fastest way to pass them on. */
export type RangeRecords<T> = AsyncIterable<T> | Iterable<T> | Promise<AsyncIterable<T> | Iterable<T>>;

/**
 * Records that a source has in arrays, for what its `read` returns: they are passed on as they are. Asynchronously one by one, each
 * record costs more than most of what a job does with it.
 *
 * @param slices Of any lengths. The engine does not change an array, and does not keep it.
 */
export function inSlices<T>(slices: AsyncIterable<readonly T[]>): AsyncIterable<T> {
  return new LaterSlices(slices);
}

/** The engine, as a source on the driver sees it. */
export interface SourceHost {
  /**
   * Reports something that has happened and does not end the job, such as records that were passed over: in the job's log
   * and in `millrace status`.
   *
   * @param message What happened and what the reader can do, in whole sentences.
   */
  warn(message: string): void;
  /**
   * Says what keeps the source from giving what there is, for as long as it lasts: the server is away. `millrace status` shows
   * it until it is over. A source that can wait does so, and returns no ranges from `fix` meanwhile: an error of `fix` fails
   * the batch.
   *
   * @param message In whole sentences; `undefined`: nothing does, any more.
   */
  condition(message: string | undefined): void;
}

/**
 * A source that can be read again, for packages: the driver fixes what each batch reads, tasks read exactly that, as
 * often as necessary. Pass it to {@link externalStream}.
 *
 * @typeParam Range What one task reads: plain data, such as a topic, a partition and two offsets. It may be written to
 *   logs.
 * @typeParam T The records.
 * @typeParam Options Other parameters of reading, such as addresses and secrets. Sent only to executors.
 */
export interface ExternalSource<Range, T, Options = undefined> {
  /** Its name for the operator: `kafka orders`. */
  readonly label: string;
  /** Sent to executors with `read`: any value that a function may capture. */
  readonly options: Options;
  /**
   * Called on the driver once, before the first batch, which waits for it. An error ends the job.
   *
   * @param last If the job goes on from its checkpoint: the ranges of the last batch before that had any, which are read by
   *   then or will be. `fix` must go on after them.
   * @param host For as long as the source lives.
   */
  start?(last: readonly Range[] | undefined, host: SourceHost): void | Promise<void>;
  /**
   * Called on the driver once, after `start`, in a run with `--available-now`: what the source holds at this moment is
   * all that this run may read, so `fix` goes no further. Without it, the run reads what the first `fix` returns.
   */
  limit?(): void | Promise<void>;
  /**
   * Called on the driver after `fix` in such a run. True: there is more up to the limit, for another batch. False by default.
   */
  hasMore?(): boolean;
  /**
   * Called on the driver once in each batch, in order: returns the ranges that the batch reads, one partition
   * each. Without ranges the batch is empty.
   *
   * @param time The batch time, in epoch ms.
   * @param most With the setting `source.backpressure`: the batch should read no more records than this, which is more than 0. The
   *   rest waits. `undefined`: there is no limit.
   */
  fix(time: number, most?: number | undefined): readonly Range[] | Promise<readonly Range[]>;
  /**
   * The number of records of a range, for reports, listeners and back-pressure; an estimate is enough. Without it they show
   * none.
   */
  sizeOf?(range: Range): number;
  /**
   * Called on the driver when a batch is committed: every output has succeeded, and nothing will read these ranges again. Here
   * a source tells its system how far it has come, if others want to know: the engine itself goes on from its ranges. Called
   * in the order of the batches and not awaited; what it begins, `stop` finishes. An error is reported as a warning.
   *
   * @param ranges Of the batch, in order; empty if it had none, or if an earlier start of the job has run it.
   */
  committed?(ranges: readonly Range[]): void;
  /**
   * Called in a task, and again when it is retried: the same range must yield the same records in the same order. A
   * function of the job, or one that a package has named with {@link shipPackage}.
   */
  readonly read: (range: Range, options: Options) => RangeRecords<T>;
  /**
   * Tries once to reach what is read, and to find it: `millrace check --connect` calls it, in place of `start`, and nothing else
   * does. It changes nothing, waits for nothing, closes what it has opened, and throws what is wrong, with a remedy.
   */
  probe?(): void | Promise<void>;
  /** Called on the driver once, when no batch follows and the job ends normally. */
  stop?(): void | Promise<void>;
}

/**
 * The stream of a source of a package.
 *
 * @throws BAD_ARGUMENT
 * @throws FUNCTION_NOT_SHIPPABLE Executors would not find `read`.
 */
export function externalStream<Range, T, Options>(
  ssc: StreamingContext,
  from: ExternalSource<Range, T, Options>,
): DStream<T> {
  const operator = "externalStream";
  const context = ssc[CONTEXT];
  context.requireBuilding(operator);
  checkAll(operator, {
    label: () => {
      if (typeof from?.label !== "string" || from.label === "")
        throw badArgument(`${operator} takes a source with a label and functions fix and read. Give it those.`);
    },
    fix: () => {
      if (typeof from?.fix !== "function")
        throw badArgument(`fix of the source given to ${operator} is ${kindOf(from?.fix)}. It must be a function.`);
    },
  });
  context.addOutside({ name: from.label, use: "source", probe: from.probe?.bind(from) });
  const { site } = context.ship(from.read, `read of ${from.label}`);
  const read = context.checked(operators.readExternal.ref(() => [from.read, from.options], site));
  return new DStream<T>(ssc[GRAPH], new ExternalStream(ssc[GRAPH], from, read));
}

class ExternalStream<Range> extends PolledInputNode {
  readonly label: string;
  /** The first word of its label: only the package that has made its ranges can read them. */
  readonly kind: string;
  readonly #source: Pick<ExternalSource<Range, unknown>, "fix" | "hasMore" | "sizeOf" | "committed">;
  readonly #read: FunctionRef;
  readonly #rate: SourceRate | undefined;
  /** The ranges of the last batch that had any; `undefined` before the first. */
  #last: ExternalInput["ranges"] | undefined;

  constructor(graph: GraphBuilder, from: Omit<ExternalSource<Range, unknown>, "options" | "read">, read: FunctionRef) {
    super(graph);
    this.label = from.label;
    this.kind = from.label.split(" ", 1).join("");
    this.#source = from;
    this.#read = read;
    const { conf } = graph.context;
    if (conf["source.backpressure"] === "on") this.#rate = new SourceRate(conf, graph.batchIntervalMs);
    graph.requirePolling();
    addInputLife(graph, this.label, {
      start: async () => {
        await from.start?.(this.#last && this.#decoded(this.#last), this.#host());
        if (graph.availableNow) await from.limit?.();
      },
      stop: () => from.stop?.(),
    });
  }

  async fix({ time }: NodeBatch): Promise<ExternalInput> {
    const about = { what: `fix of ${this.label}`, outcome: "The batch fails." };
    this.#rate?.begin(time, this.#now());
    const ranges = await runAuthorCode(about, () => this.#source.fix(time, this.#rate?.limit));
    if (!Array.isArray(ranges)) {
      throw badArgument(
        `fix of ${this.label} gave ${kindOf(ranges)} for batch ${time}, not an array of ranges. The batch fails. Return one, empty if there is nothing.`,
      );
    }
    const encoded = ranges.map((range, i) =>
      naming(`range ${i} of ${this.label}`, () => encodeValue(range, emptyClassTable)),
    );
    if (encoded.length > 0) this.#last = encoded;
    return { kind: "external", ranges: encoded, records: this.#recordsIn(ranges) };
  }

  committed(fixed: FixedInput | undefined): void {
    this.#rate?.end(fixed?.kind === "external" ? (fixed.records ?? 0) : 0, this.#now());
    if (this.#source.committed === undefined) return;
    const what = `committed of ${this.label}`;
    try {
      const ranges = fixed?.kind === "external" ? this.#decoded(fixed.ranges) : [];
      callAuthorCode({ what, outcome: "The batch is committed all the same." }, () => this.#source.committed?.(ranges));
    } catch (error) {
      this.graph.context.port.warn(warningOf(thrownMessage(error), { subject: what }));
    }
  }

  #now(): EpochMs {
    return this.graph.context.port.clock.now();
  }

  /** @param ranges As `fix` returned them. */
  #recordsIn(ranges: readonly Range[]): number {
    const { sizeOf } = this.#source;
    if (sizeOf === undefined) return 0;
    const about = { what: `sizeOf of ${this.label}`, outcome: "The batch fails." };
    return callAuthorCode(about, () => ranges.reduce((sum, range) => sum + sizeOf.call(this.#source, range), 0));
  }

  #host(): SourceHost {
    const { port } = this.graph.context;
    const subject = this.label;
    const told = (message: string): string => `${subject}: ${message}`;
    const state = new DirectoryCondition();
    return {
      warn: (message) => port.warn(sourceWarned(subject, told(message))),
      condition: (message) => {
        const trouble = message === undefined ? undefined : sourceWaiting(subject, told(message));
        const news = state.look(trouble, port.clock.now());
        if (news === "over") port.warningOver({ subject, message: told("it is there again.") });
        else if (news !== undefined) port.warn(news);
      },
    };
  }

  more(): boolean {
    return this.#source.hasMore?.() === true;
  }

  memory(): InputMemory {
    return { kind: "external", ranges: this.#last ?? [] };
  }

  recall(memory: InputMemory | undefined, since: readonly FixedBefore[]): void {
    for (const ranges of [memory, ...since.map(({ fixed }) => fixed)].flatMap(rangesOf)) {
      if (ranges.length > 0) this.#last = ranges;
    }
  }

  #decoded(ranges: ExternalInput["ranges"]): readonly Range[] {
    // They are what `fix` returned, encoded there.
    return ranges.map((range) => decodeValue(range, emptyClassTable) as Range);
  }

  protected lineageOf(fixed: FixedInput): Lineage {
    assert(fixed.kind === "external", `${this.label} reads ranges`);
    const inputs = fixed.ranges.map((range): TaskInput => ({ kind: "external", range }));
    return source({ read: this.#read }, inputs, this.label);
  }
}

function rangesOf(from: InputMemory | FixedInput | undefined): readonly ExternalInput["ranges"][] {
  return from?.kind === "external" ? [from.ranges] : [];
}
