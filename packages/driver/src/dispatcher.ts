/**
 * Feeds events to a pure state machine one at a time and carries out the effects of each in order. An event raised
 * while effects are carried out is queued: the machine sees it only after all effects of the previous one.
 */
export class Dispatcher<Event, Effect> {
  readonly #step: (event: Event) => readonly Effect[];
  readonly #perform: (effect: Effect) => void;
  readonly #changed: () => void;
  readonly #queue: Event[] = [];
  #busy = false;

  /** @param changed Told when no event is left: the machine may have changed. */
  constructor(
    step: (event: Event) => readonly Effect[],
    perform: (effect: Effect) => void,
    changed: () => void = () => undefined,
  ) {
    this.#step = step;
    this.#perform = perform;
    this.#changed = changed;
  }

  /** An event is being carried out. */
  get busy(): boolean {
    return this.#busy;
  }

  dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        for (const effect of this.#step(next)) this.#perform(effect);
      }
    } finally {
      this.#busy = false;
    }
    this.#changed();
  }
}
