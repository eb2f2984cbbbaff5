import { compiled } from "@millrace/base";
import { notPair } from "@millrace/operators";
import type { Feeder } from "../source/feeder.ts";
import type { KeyState, PassingState } from "../state/update/key-state.ts";
import type { KeyIndex } from "../table/key-index.ts";
import { lazily } from "./lazily.ts";

/** The working data of one task's `mapWithState` calls. */
export interface StateCalls {
  /** Keys of the batch, and their states in parallel. */
  readonly keys: KeyIndex;
  readonly states: (PassingState | undefined)[];
  readonly state: KeyState;
  readonly map: (key: unknown, value: unknown, state: KeyState, time: number) => unknown;
  readonly time: number;
  /** Adds a key that is new to the batch; returns its index. */
  meet(key: unknown): number;
  /** Takes the function's result, unless it is undefined. */
  give(made: unknown): void;
}

/**
 * Calls the function for the pairs [from, to) of a chunk, each with the state left by the previous call. @throws
 * RECORD_NOT_PAIR
 */
export type StateLoop = (
  chunk: Pick<Feeder, "rows" | "keys" | "values">,
  from: number,
  to: number,
  calls: StateCalls,
) => void;

/**
 * A loop for one operator, so that V8's type feedback on functions, keys and states is not shared with others. Created
 * on its first run.
 *
 * @param name Distinct for each loop, or V8 would treat them as the same.
 */
export function stateLoop(name: string): StateLoop {
  return lazily(() => {
    const make = compiled<(isArray: typeof Array.isArray, refuse: typeof notPair) => StateLoop>(
      ["isArray", "notPair"],
      `// ${name}${SOURCE}`,
    );
    return make(Array.isArray, notPair);
  });
}

const SOURCE = `
"use strict";
return function states({ rows, keys, values }, i, end, calls) {
const { keys: index, states, state, map, time } = calls;
for (; i < end; i++) {
let key, value;
if (rows === undefined) { key = keys[i]; value = values[i]; }
else {
const row = rows[i];
if (!isArray(row) || row.length !== 2) notPair(row);
key = row[0]; value = row[1];
}
let at = index.find(key);
if (at < 0) at = calls.meet(key);
const before = states[at];
state.next(at, before);
const made = map(key, value, state, time);
if (made !== undefined) calls.give(made);
const after = state.state;
if (after !== before || after === 0) states[at] = after; // -0 is a different state from 0
}
};`;
