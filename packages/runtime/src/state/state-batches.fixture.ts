import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { AnyFunction } from "@millrace/operators";
import type { Op, Sink, StateRef, StateUpdate } from "@millrace/plan";
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
  readonly sink?: Sink;
  readonly limit?: number;
}

/** Batches of a stateful operator `totals` of one partition, one after the other, on a slot of their own. */
export class StateBatches {
  readonly slot: TestSlot;

  constructor(options: ConstructorParameters<typeof TestSlot>[0] = {}) {
    this.slot = new TestSlot(options);
  }

  ref(batch: number, version: number): StateRef {
    return {
      operator: "totals",
      partition: 0,
      partitions: 1,
      version: epochMs(version),
      oldest: epochMs(version),
      batch: epochMs(batch),
      directory: locationFrom(join(this.slot.directory, "checkpoint")),
    };
  }

  run(number: number, batch: StateBatch): Promise<SlotOutcome> {
    const { update, functions = [], inputs = [], version = number - 1, ops = [], sink, limit } = batch;
    return this.slot.run({
      source: { kind: "state", update, label: "stateful at job.ts:3:3" },
      functions,
      inputs: inputs.map((records) => this.slot.input(records)),
      state: this.ref(number, version),
      ops,
      ...(sink === undefined ? {} : { sink }),
      ...(limit === undefined ? {} : { limit }),
    });
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
