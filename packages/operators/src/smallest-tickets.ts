/** A record with the random number by which it competes for a place in a sample. */
export type Ticket<T = unknown> = readonly [number: number, record: T];

/** The `most` tickets with the smallest numbers. */
export class SmallestTickets<T = unknown> {
  readonly #most: number;
  #tickets: Ticket<T>[] = [];
  /** Larger numbers lose. */
  #limit = Number.POSITIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  offer(number: number, record: T): void {
    if (number > this.#limit) return;
    this.#tickets.push([number, record]);
    // Twice as many as wanted: sorting is only occasional.
    if (this.#tickets.length < 2 * this.#most + 16) return;
    this.#tickets = this.all();
    this.#limit = this.#tickets.at(-1)?.[0] ?? this.#limit;
  }

  /** Sorted by number. */
  all(): Ticket<T>[] {
    return this.#tickets.sort(([a], [b]) => a - b).slice(0, this.#most);
  }
}
