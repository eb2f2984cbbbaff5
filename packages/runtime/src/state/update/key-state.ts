import type { State } from "@millrace/api";
import type { ClassTable } from "@millrace/codec";
import { stateMisused } from "../../errors.ts";
import { type OwnCopy, ownCopy, plainCopy } from "../own-copy.ts";
import { ofKey } from "../state-of-key.ts";
import type { StateTable } from "../state-table.ts";

/** The state of a key within a batch; `UNREAD`: the published one, an object that has not been requested yet. */
export type PassingState = string | number | boolean | bigint | null | OwnCopy | typeof UNREAD;
export const UNREAD: unique symbol = Symbol("unread");

/** The reason why a change is refused: no call is in progress, this call has removed the state, or the key is timing out. */
const BAR = { none: 0, closed: 1, removed: 2, timingOut: 3 } as const;
type Bar = (typeof BAR)[keyof typeof BAR];

/**
 * The state of one key during a call of the function of `mapWithState`: the same object for every call, valid only until the
 * call returns. The result of `get` belongs to the function: changes to it take effect only through `update`.
 */
export class KeyState implements State<unknown> {
  readonly #classes: ClassTable;
  #published: StateTable | undefined;
  /** For each key of the batch, its index in the published state. */
  #places: readonly number[] = [];
  /** The keys of the batch, for errors. */
  #keys: readonly unknown[] = [];
  /** The key, among those of the batch. */
  #key = 0;
  #state: PassingState | undefined;
  #bar: Bar = BAR.closed;

  constructor(classes: ClassTable) {
    this.#classes = classes;
  }

  // ---- for the function

  exists(): boolean {
    if (this.#bar === BAR.closed) throw notOpen();
    return this.#state !== undefined;
  }

  get(): unknown {
    const state = this.getOption();
    if (state !== undefined) return state;
    throw stateMisused(
      "get() was called for a key without state. Check exists() first, or use getOption(), which then returns undefined.",
    );
  }

  getOption(): unknown {
    if (this.#bar === BAR.closed) throw notOpen();
    const state = this.#state;
    if (isCopy(state)) return state.give();
    return state === UNREAD ? this.#read() : state;
  }

  update(state: unknown): void {
    if (this.#bar !== BAR.none) throw barred("update()", this.#bar);
    if (state === undefined) throw stateMisused("update(undefined) was called. To forget the key, call remove().");
    const before = this.#state;
    if (typeof state === "number" || typeof state === "string") this.#state = state;
    else this.#take(before, state);
  }

  remove(): void {
    if (this.#bar !== BAR.none) throw barred("remove()", this.#bar);
    this.#state = undefined;
    this.#bar = BAR.removed;
  }

  isTimingOut(): boolean {
    if (this.#bar === BAR.closed) throw notOpen();
    return this.#bar === BAR.timingOut;
  }

  // ---- for the engine

  /** Starts a series of calls. */
  open(published: StateTable, places: readonly number[], keys: readonly unknown[]): void {
    this.#published = published;
    this.#places = places;
    this.#keys = keys;
  }

  /** Ends a series of calls. */
  close(): void {
    this.#bar = BAR.closed;
  }

  /** Begins the call for a key of the batch; `state` is `undefined` if it has none. */
  next(key: number, state: PassingState | undefined): void {
    this.#key = key;
    this.#state = state;
    this.#bar = BAR.none;
  }

  /** Begins the call for a key that is timing out. */
  nextIdle(key: number, state: PassingState): void {
    this.next(key, state);
    this.#bar = BAR.timingOut;
  }

  /** The state after the call. If it was only read, it may be in a form that is faster to read again. */
  get state(): PassingState | undefined {
    return this.#state;
  }

  #take(before: PassingState | undefined, state: unknown): void {
    try {
      if (!isCopy(before) || !before.take(state)) this.#state = passing(state, this.#classes);
    } catch (error) {
      throw ofKey(error, this.#keys[this.#key]);
    }
  }

  /** Reads the state, and keeps a copy for the next call if that is worthwhile. */
  #read(): unknown {
    const state = this.#published?.get(this.#places[this.#key] ?? -1) as object; // nothing else is unread
    this.#state = plainCopy(state) ?? UNREAD;
    return state;
  }
}

/** The form in which a new state is kept within the batch. @throws RECORD_NOT_ENCODABLE */
export function passing(state: unknown, classes: ClassTable): PassingState {
  switch (typeof state) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return state;
    default:
      return state === null ? null : ownCopy(state, classes);
  }
}

/** True if a passing state is a copy of an object; it can be no other object. */
export function isCopy(state: PassingState | undefined): state is OwnCopy {
  return typeof state === "object" && state !== null;
}

/** The state with which a key begins a batch. */
export function publishedAt(table: StateTable, place: number): PassingState {
  return table.isEncoded(place) ? UNREAD : (table.get(place) as PassingState); // a state that is not encoded is a primitive
}

function notOpen(): Error {
  return stateMisused(
    "the state of a key was used after the function that was given it had returned. Copy what you need from it first, and pass that on.",
  );
}

function barred(call: string, bar: Bar): Error {
  if (bar === BAR.closed) return notOpen();
  if (bar === BAR.timingOut) {
    return stateMisused(
      `${call} was called for a key that is timing out. Its state is removed when the function returns: check isTimingOut() first.`,
    );
  }
  const when = call === "remove()" ? "twice" : "after remove()";
  return stateMisused(`${call} was called ${when}. After remove() the key has no state until its next record comes.`);
}
