import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { AnyFunction } from "@millrace/operators";
import type { Op, StageSink, StateRef, StateUpdate, StateVersion } from "@millrace/plan";
import type { SlotOutcome } from "../index.ts";
import { type Done, TestSlot } from "../slot/test-slot.fixture.ts";

export interface StateBatch {
  readonly update: StateUpdate;
  /** The functions of the update and of the operators below, by slot. */
  readonly functions?: readonly AnyFunction[];
  /** Records, by input. */
  readonly inputs?: readonly Iterable<unknown>[];
  /** The batch that it builds on; by default the preceding number. */
  readonly version?: number;
  readonly ops?: readonly Op[];
  readonly sink?: StageSink;
  readonly limit?: number;
}

/** What the driver knows of a partition: its version after each batch, as the tasks have reported them. */
export class Heads {
  readonly #after = new Map<number, StateVersion | undefined>();
  #attempts = 0;

  /** The next attempt of a batch. @param version The batch whose state it builds on. */
  ref(batch: number, version: number, directory: string): StateRef {
    return {
      ...{ operator: "totals", partition: 0, partitions: 1, directory: locationFrom(directory) },
      ...{ head: this.of(version), first: version === 0, oldest: epochMs(version), batch: epochMs(batch) },
      writes: { batch: epochMs(batch), attempt: this.#attempts++, epoch: 1 },
    };
  }

  /** A task that reads the state after a batch. */
  reader(batch: number, directory: string): StateRef {
    return { ...this.ref(batch, batch, directory), writes: undefined };
  }

  /** The version as of a batch. */
  of(batch: number): StateVersion | undefined {
    const last = [...this.#after.keys()].filter((known) => known <= batch).sort((a, b) => a - b);
    return this.#after.get(last.at(-1) ?? 0);
  }

  /** An attempt has succeeded. */
  report({ batch, head }: StateRef, written: StateVersion | undefined): void {
    this.#after.set(batch, written ?? head);
  }

  take(ref: StateRef, outcome: SlotOutcome): SlotOutcome {
    if (outcome.kind === "result" || outcome.kind === "mapOutput") this.report(ref, outcome.state);
    return outcome;
  }
}

/** Batches of a stateful operator `totals` of one partition, one after the other, on a slot of their own. */
export class StateBatches {
  readonly slot: TestSlot;
  readonly #heads = new Heads();

  constructor(options: ConstructorParameters<typeof TestSlot>[0] = {}) {
    this.slot = new TestSlot(options);
  }

  async run(number: number, batch: StateBatch): Promise<SlotOutcome> {
    const { update, functions = [], inputs = [], version = number - 1, ops = [], sink, limit } = batch;
    const directory = join(this.slot.directory, "checkpoint");
    const reads = update.kind === "snapshot";
    const state = reads ? this.#heads.reader(number, directory) : this.#heads.ref(number, version, directory);
    const outcome = await this.slot.run({
      source: { kind: "state", update, label: "stateful at job.ts:3:3" },
      functions,
      inputs: inputs.map((records) => this.slot.input(records)),
      state,
      ops,
      ...(sink === undefined ? {} : { sink }),
      ...(limit === undefined ? {} : { limit }),
    });
    return this.#heads.take(state, outcome);
  }

  /** The results of a batch. */
  async results(number: number, batch: StateBatch): Promise<unknown[]> {
    const outcome = await this.run(number, batch);
    if (outcome.kind !== "result") throw new Error(JSON.stringify(outcome));
    return this.slot.results(outcome as Done); // a result is one of the kinds of Done
  }

  /** The error that the batch fails with. */
  async failure(number: number, batch: StateBatch): Promise<unknown> {
    const outcome = await this.run(number, batch);
    return outcome.kind === "failed" ? outcome.error : outcome;
  }

  /** Bytes of the deltas, oldest first. */
  deltaBytes(): number[] {
    const folder = join(this.slot.directory, "checkpoint", "state", "totals", "1-0");
    const names = readdirSync(folder).filter((name) => name.endsWith(".delta"));
    return names
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((name) => statSync(join(folder, name)).size);
  }

  remove(): void {
    this.slot.remove();
  }
}
