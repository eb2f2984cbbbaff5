import type { State } from "@millrace/api";
import type { ClassTable } from "@millrace/codec";
import { stateMisused } from "../../errors.ts";
import { fromPassing, type PassingCell, toPassing } from "../state-cell.ts";

/** What the function of `mapWithState` did with the state of a key. */
type Deed = "nothing" | "updated" | "removed";

/**
 * The state of one key while the function of `mapWithState` has it: the same object for every call, of use only during
 * the call. What `get` gives belongs to the function: a change to it stays only by `update`.
 */
export class KeyState implements State<unknown> {
  readonly #classes: ClassTable;
  #cell: PassingCell | undefined;
  #deed: Deed = "nothing";
  #timingOut = false;
  #open = false;

  constructor(classes: ClassTable) {
    this.#classes = classes;
  }

  // ---- for the function

  exists(): boolean {
    this.#mustBeOpen();
    return this.#cell !== undefined;
  }

  get(): unknown {
    this.#mustBeOpen();
    if (this.#cell === undefined) {
      throw stateMisused(
        "get() was called for a key that has no state. Ask exists() first, or use getOption(), which gives undefined then.",
      );
    }
    return fromPassing(this.#cell, this.#classes);
  }

  getOption(): unknown {
    this.#mustBeOpen();
    return this.#cell === undefined ? undefined : fromPassing(this.#cell, this.#classes);
  }

  update(state: unknown): void {
    this.#mustBeOpen();
    if (this.#deed === "removed") throw stateMisused(`update() was called after remove(). ${ONE_OF_BOTH}`);
    if (this.#timingOut) throw stateMisused(`update() was called for a key that is timing out. ${TIMING_OUT}`);
    if (state === undefined) throw stateMisused("update(undefined) was called. To forget the key, call remove().");
    this.#cell = toPassing(state, this.#classes);
    this.#deed = "updated";
  }

  remove(): void {
    this.#mustBeOpen();
    if (this.#deed === "removed") throw stateMisused(`remove() was called twice. ${ONE_OF_BOTH}`);
    if (this.#timingOut) throw stateMisused(`remove() was called for a key that is timing out. ${TIMING_OUT}`);
    this.#cell = undefined;
    this.#deed = "removed";
  }

  isTimingOut(): boolean {
    this.#mustBeOpen();
    return this.#timingOut;
  }

  // ---- for the engine

  /** Begins a call with this state; `undefined`: there is none. */
  open(cell: PassingCell | undefined, timingOut: boolean): void {
    this.#cell = cell;
    this.#deed = "nothing";
    this.#timingOut = timingOut;
    this.#open = true;
  }

  /** Ends the call. */
  close(): void {
    this.#open = false;
  }

  /** The state after the call. */
  get cell(): PassingCell | undefined {
    return this.#cell;
  }

  #mustBeOpen(): void {
    if (this.#open) return;
    throw stateMisused(
      "the state of a key was used after the function that was given it had returned. Take from it what you need before, and hand on that.",
    );
  }
}

const ONE_OF_BOTH = "After remove() the key has no state until its next record comes.";
const TIMING_OUT = "Its state goes when the function returns: ask isTimingOut() first.";
