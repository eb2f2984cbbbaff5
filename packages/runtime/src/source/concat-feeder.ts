import { Feeder } from "./feeder.ts";

/**
 * The records of several feeders, each in turn. A feeder is opened when the preceding one is at its end, so that only
 * one holds tables at a time.
 */
export class ConcatFeeder extends Feeder {
  readonly #feeders: readonly Feeder[];
  #current = 0;

  constructor(feeders: readonly Feeder[]) {
    super();
    this.#feeders = feeders;
  }

  override open(): void | Promise<void> {
    return this.#feeders[0]?.open();
  }

  override get opensLater(): boolean {
    return this.#feeders[0]?.opensLater === true;
  }

  /**
   * A feeder that opens asynchronously may finish asynchronously, so the next one has to wait for it. The last one is finished by
   * `finish`.
   */
  override get later(): boolean {
    const several = this.#feeders.length > 1;
    return this.#feeders.some((feeder) => (several && feeder.opensLater) || feeder.later);
  }

  override next(): boolean {
    for (;;) {
      const feeder = this.#feeders[this.#current];
      if (feeder === undefined) return false;
      if (feeder.at < feeder.end || feeder.next()) return this.#take(feeder);
      if (this.#current === this.#feeders.length - 1) return false;
      feeder.finish(); // nothing to wait for: see `later`
      feeder.close();
      this.#current += 1;
      this.#feeders[this.#current]?.open();
    }
  }

  override async nextLater(): Promise<boolean> {
    for (;;) {
      const feeder = this.#feeders[this.#current];
      if (feeder === undefined) return false;
      if (feeder.at < feeder.end || (feeder.later ? await feeder.nextLater() : feeder.next()))
        return this.#take(feeder);
      await feeder.finish();
      feeder.close();
      this.#current += 1;
      await this.#feeders[this.#current]?.open();
    }
  }

  override async finish(): Promise<void> {
    const { length } = this.#feeders;
    for (; this.#current < length; this.#current++) {
      const feeder = this.#feeders[this.#current];
      if (feeder === undefined) continue;
      await feeder.finish();
      feeder.close();
      // `finish` completes work that does not depend on whether the records were taken.
      await this.#feeders[this.#current + 1]?.open();
    }
  }

  override close(): void {
    for (const feeder of this.#feeders) feeder.close();
  }

  #take(feeder: Feeder): true {
    const { rows, keys, values, at, end } = feeder;
    feeder.at = end;
    return rows === undefined ? this.setPairs(keys, values, at, end) : this.setRows(rows, at, end);
  }
}
