import type { EpochMs } from "@millrace/base";
import {
  type FixedInput,
  type LoggedBatches,
  type OutputInfo,
  type ReceivedInput,
  type RememberedBatch,
  source,
} from "@millrace/plan";
import type { BatchScope } from "../batch/batch-scope.ts";
import type { JobContext } from "../job/job-context.ts";
import type { RecalledReceived } from "../port/graph-port.ts";
import { checkpointInputLost, checkpointUnlogged } from "../warnings.ts";
import type { FixedBefore, NamedInput, PolledInput } from "./stream-node.ts";

/** The inputs of a job. */
export interface JobInputs {
  readonly polled: readonly PolledInput[];
  readonly received: readonly NamedInput[];
}

/** The log of an earlier run of the job, as this run's graph takes it up. */
export class RecalledBatches {
  readonly #logged: LoggedBatches;
  readonly #inputs: JobInputs;
  readonly #received: RecalledReceived;
  /** The newest batch whose input need not be fixed any more. */
  readonly lastBatch: EpochMs;
  /** Batches that a later one may look back on, oldest first. */
  readonly remembered: readonly RememberedBatch[];

  constructor(
    logged: LoggedBatches,
    inputs: JobInputs,
    { rememberMs, received }: { readonly rememberMs: number; readonly received: RecalledReceived },
  ) {
    this.#logged = logged;
    this.#inputs = inputs;
    this.#received = received;
    const { pending } = logged;
    this.lastBatch = pending?.prepared === undefined ? logged.committed.last : pending.time;
    this.remembered = lookedBackOn(logged, rememberMs);
  }

  /** Tells each input what it has to remember, before it is asked for anything. */
  recallInputs(): void {
    const { memories, memoriesAt, remembered, pending } = this.#logged;
    const later = [...remembered, ...(pending === undefined ? [] : [pending])].filter(({ time }) => time > memoriesAt);
    for (const node of this.#inputs.polled) {
      const since = later.flatMap(({ time, inputs }): readonly FixedBefore[] => {
        const fixed = inputs.get(node.input);
        return fixed === undefined ? [] : [{ time, fixed }];
      });
      node.recall?.(memories.get(node.input), since);
    }
  }

  /** It was planned before, and is not committed. */
  isPending(time: EpochMs): boolean {
    return this.#logged.pending?.time === time;
  }

  /** The fixed input of a batch that was planned before and runs again; `undefined`: it is to be fixed now. */
  fixedBefore(time: EpochMs, node: PolledInput): FixedInput | undefined {
    const { pending } = this.#logged;
    const fixed = pending?.time === time ? pending.inputs.get(node.input) : undefined;
    return fixed?.kind === "failed" || fixed?.kind === "unlogged" ? undefined : fixed;
  }

  /** An earlier run of the batch has committed this output. */
  isDone(time: EpochMs, output: OutputInfo): boolean {
    const { pending } = this.#logged;
    return pending?.time === time && pending.done.some(({ name }) => name === output.name);
  }

  /** Begins a remembered batch with what is left of its input. */
  begin(scope: BatchScope, { time, inputs, states }: RememberedBatch): void {
    const left = new Map<string, FixedInput>();
    for (const node of this.#inputs.received) left.set(node.input, this.#receivedOf(time, node.input));
    for (const node of this.#inputs.polled) {
      const fixed = inputs.get(node.input) ?? NOTHING;
      left.set(node.input, fixed);
      if (fixed.kind === "unlogged") scope.giveUnlogged(node, source("blocks", [], node.label));
    }
    scope.begin(left, states);
  }

  #receivedOf(time: EpochMs, input: string): ReceivedInput {
    return this.#received.get(time)?.get(input) ?? { kind: "received", blocks: [], records: 0 };
  }

  /** Warns of records that were received for these batches and were gone with the executors. */
  warnOfLost(context: JobContext): void {
    const { pending } = this.#logged;
    const rerun = pending !== undefined && pending.prepared === undefined ? [pending] : [];
    const lost = new Map<string, { records: number; first: EpochMs; last: EpochMs }>();
    for (const { time, inputs } of [...this.remembered, ...rerun]) {
      for (const [name, fixed] of inputs) {
        const gone = fixed.kind === "received" ? fixed.records - this.#receivedOf(time, name).records : 0;
        if (gone <= 0) continue;
        const { records = 0, first = time } = lost.get(name) ?? {};
        lost.set(name, { records: records + gone, first, last: time });
      }
    }
    for (const [name, { records, first, last }] of lost) {
      const node = this.#inputs.received.find(({ input }) => input === name);
      const label = node?.label ?? name;
      const batches = first === last ? `batch ${first}, which needs` : `batches ${first} to ${last}, which need`;
      context.port.warn(
        checkpointInputLost(
          label,
          `${records} records that ${label} had received for ${batches} them, are gone: only executors of an earlier run had them, in their memory. ` +
            "What depends on them is computed without them. Set receiver.log to on, or use a source that can be read again, where nothing may be lost.",
        ),
      );
    }
  }
}

/** The batches that a later one may look back on, oldest first. */
export function lookedBackOn(
  { committed, pending, remembered }: Pick<LoggedBatches, "committed" | "pending" | "remembered">,
  rememberMs: number,
): readonly RememberedBatch[] {
  const last = pending?.time ?? committed.last;
  // One whose outputs are complete does not run again: it is only looked back on.
  const over = pending?.prepared === undefined ? remembered : [...remembered, pending];
  return over.filter(({ time }) => time > last - rememberMs || time === pending?.time);
}

/** The part of earlier batches' input that a missing input stream gave. */
const NOTHING: FixedInput = { kind: "unlogged", records: 0 };

/** Warns of inputs that a later run of the job cannot recall. */
export function warnOfUnlogged(context: JobContext, { polled }: JobInputs): void {
  for (const { unlogged, label } of polled) {
    if (unlogged !== true) continue;
    const message =
      `what the job's code gives to ${label} is not logged: if the job is killed and started again, the stream is asked again for the batch that ran, ` +
      "and a window that looks back has nothing of earlier ones. Use a source that can be read again, such as files, where that matters.";
    context.port.warn(checkpointUnlogged(label, message));
  }
}
