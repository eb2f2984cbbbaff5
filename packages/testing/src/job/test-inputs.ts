import type { EpochMs } from "@millrace/base";
import type { BatchInput, BlockId, FixedInput, ReceiverPlan } from "@millrace/plan";
import type { Taken } from "./feeds.ts";

const NOTHING: Taken = { received: new Map(), records: new Map() };

/** The inputs of batches under test, until they are released: what a job driver keeps in its receiver tracker. */
export class TestInputs {
  readonly #taken = new Map<EpochMs, Taken>();
  /** Of the batch whose turn it is. */
  #fixed: ReadonlyMap<string, FixedInput> = new Map();

  allocate(time: EpochMs, taken: Taken): void {
    this.#taken.set(time, taken);
  }

  /** Takes what the graph has fixed, as it comes out of a job's thread. */
  fix(inputs: ReadonlyMap<string, FixedInput>): void {
    this.#fixed = structuredClone(inputs);
  }

  records(time: EpochMs): Taken["records"] {
    return this.#of(time).records;
  }

  /** The whole input of the batch whose turn it is. */
  input(time: EpochMs, receivers: readonly ReceiverPlan[]): BatchInput {
    const { received, records } = this.#of(time);
    const inputs = new Map(this.#fixed);
    for (const { stream, input } of receivers) {
      inputs.set(input, { kind: "received", blocks: received.get(stream) ?? [], records: records.get(stream) ?? 0 });
    }
    return { time, inputs };
  }

  /** @returns The blocks that the batch had. */
  release(time: EpochMs): BlockId[] {
    const { received } = this.#of(time);
    this.#taken.delete(time);
    return [...received.values()].flat().map(({ id }) => id);
  }

  #of(time: EpochMs): Taken {
    return this.#taken.get(time) ?? NOTHING;
  }
}
