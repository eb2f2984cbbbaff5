import { fnSlot, type StateUpdate } from "@millrace/plan";
import { op } from "../slot/test-slot.fixture.ts";
import { type StateBatch, StateBatches } from "./state-batches.fixture.ts";
import type { KeyState } from "./update/key-state.ts";

export type Mapping = (key: never, value: never, state: KeyState, time: number) => unknown;

export interface MappedOptions {
  readonly timeoutMs?: number;
  readonly initial?: Iterable<unknown>;
  /** The number of records that the output takes. */
  readonly limit?: number;
  readonly version?: number;
  /** A `map` after it. */
  readonly after?: (record: never) => unknown;
}

/** Batches of `mapWithState`. */
export class MappedBatches extends StateBatches {
  /** The results of batch `number` for its pairs. */
  map(number: number, pairs: Iterable<unknown>, map: Mapping, options: MappedOptions = {}): Promise<unknown[]> {
    return this.results(number, mapped(pairs, map, options));
  }

  mapFailure(number: number, pairs: Iterable<unknown>, map: Mapping, options: MappedOptions = {}): Promise<unknown> {
    return this.failure(number, mapped(pairs, map, options));
  }

  /** All state after batch `number`. */
  snapshot(number: number, options: { readonly version?: number } = {}): Promise<unknown[]> {
    return this.results(number, { update: { kind: "snapshot" }, ...options });
  }
}

function mapped(pairs: Iterable<unknown>, map: Mapping, options: MappedOptions): StateBatch {
  const { timeoutMs = 0, initial, limit, version, after } = options;
  const update: StateUpdate = {
    kind: "mapWithState",
    feed: { kind: "shuffle", input: 0 },
    ...(initial === undefined ? {} : { initial: { kind: "shuffle", input: 1 } as const }),
    fn: fnSlot(0),
    timeoutMs,
  };
  return {
    update,
    functions: [map, after ?? (() => undefined)],
    inputs: [pairs, initial ?? []],
    ops: after === undefined ? [] : [op("map", 1)],
    ...(version === undefined ? {} : { version }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** Returns `[key, the sum of its values so far]`. */
export const sum = (key: string, value: number, state: KeyState) => {
  const total = Number(state.getOption() ?? 0) + value;
  state.update(total);
  return [key, total];
};
