import { type Deferred, deferred } from "@millrace/base";

interface Entry<T> {
  readonly items: readonly T[];
  /** The number of items that have been taken. */
  given: number;
}

/**
 *     open ─end─▶ ending ─all is given─▶ over      any ─return─▶ over
 */
type State = { readonly kind: "open" | "over" } | { readonly kind: "ending"; readonly error: Error | undefined };

/**
 * Passes batches from a job to a loop on its driver: batches are pushed at one end, their items taken one by one at the
 * other. A batch waits while more than `highWater` of them are unprocessed; requesting the next item ends the previous
 * one.
 *
 * Bound: `highWater` + 1 batches.
 */
export class BatchQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #highWater: number;
  /** Unprocessed ones, oldest first. */
  readonly #entries: Entry<T>[] = [];
  readonly #asking: Deferred<IteratorResult<T, undefined>>[] = [];
  readonly #held: Deferred<void>[] = [];
  readonly #over = deferred<void>();
  #state: State = { kind: "open" };
  #asked = false;

  constructor(highWater: number) {
    this.#highWater = highWater;
  }

  /** True while the reader may take items. */
  get open(): boolean {
    return this.#state.kind === "open";
  }

  /** True if a reader has begun to take items. */
  get asked(): boolean {
    return this.#asked;
  }

  /** Resolves when few enough batches are unprocessed that the next one may be pushed. */
  async push(items: readonly T[]): Promise<void> {
    if (!this.open || items.length === 0) return;
    this.#entries.push({ items, given: 0 });
    this.#serve();
    while (this.open && this.#entries.length > this.#highWater) {
      const held = deferred<void>();
      this.#held.push(held);
      await held.promise;
    }
  }

  /** No batch follows. Resolves when everything has been taken, and at once if there never was a reader. */
  async end(error: Error | undefined): Promise<void> {
    if (this.#state.kind !== "open") return;
    this.#state = { kind: "ending", error };
    this.#serve();
    if (!this.#asked) this.#finish();
    await this.#over.promise;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    this.#asked = true;
    const asking = deferred<IteratorResult<T, undefined>>();
    this.#asking.push(asking);
    this.#serve();
    return asking.promise;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#finish();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Serves waiting readers. */
  #serve(): void {
    while (this.#asking.length > 0) {
      const [head] = this.#entries;
      if (head !== undefined && head.given === head.items.length) {
        this.#entries.shift();
        this.#release();
      } else if (head !== undefined) {
        // There is an item at `given`, and a waiting reader: see the conditions above.
        this.#asking.shift()?.resolve({ done: false, value: head.items[head.given++] as T });
      } else if (this.#state.kind === "ending") {
        const { error } = this.#state;
        if (error !== undefined) this.#asking.shift()?.reject(error);
        this.#finish();
      } else {
        if (this.#state.kind === "over") this.#finish();
        return;
      }
    }
  }

  #release(): void {
    for (const held of this.#held.splice(0)) held.resolve();
  }

  #finish(): void {
    this.#state = { kind: "over" };
    this.#entries.length = 0;
    this.#release();
    for (const asking of this.#asking.splice(0)) asking.resolve({ done: true, value: undefined });
    this.#over.resolve();
  }
}
