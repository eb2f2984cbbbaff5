import { isLaterSlices, PairSlice, Slices } from "@millrace/operators";
import { blame } from "../compile/blame.ts";
import { iteratorOf } from "../compile/segment-state.ts";
import { Feeder, SLICE } from "./feeder.ts";
import { Records } from "./records.ts";

/** Records taken from the result of a partition function before they are passed on. */
const CHUNK = 256;

export interface LinkOptions {
  /** Takes the records of each feeder. */
  readonly call: (...records: Iterable<unknown>[]) => unknown;
  readonly label: string;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
  /** Called with the number of records passed on, for a function that reads a source. */
  readonly onRecords?: ((count: number) => void) | undefined;
  /** Turns an asynchronous feeder into a synchronous one, when it is opened. */
  readonly spool: (upstream: Feeder) => Feeder;
}

/**
 * The result of a function over whole partitions. It is called once when the feeder is opened, even for empty
 * partitions, with an iterable for each that pulls the records from upstream; it may be async and return an async
 * iterable.
 */
export class LinkFeeder extends Feeder {
  readonly #options: LinkOptions;
  readonly #upstreams: Feeder[];
  #records: readonly Records[] = [];
  #iterator: Iterator<unknown> | undefined;
  #later: AsyncIterator<unknown> | undefined;
  #array: readonly unknown[] | undefined;
  #slices: Iterator<readonly unknown[] | PairSlice> | undefined;
  #laterSlices: AsyncIterator<readonly unknown[]> | undefined;
  #done = false;

  constructor(upstreams: readonly Feeder[], options: LinkOptions) {
    super();
    this.#upstreams = [...upstreams];
    this.#options = options;
  }

  override async open(): Promise<void> {
    for (const [i, upstream] of this.#upstreams.entries()) {
      await upstream.open();
      if (!upstream.later) continue;
      const spooled = this.#options.spool(upstream);
      this.#upstreams[i] = spooled;
      await spooled.open();
    }
    this.#records = this.#upstreams.map((upstream) => new Records(upstream, this.#options.check));
    try {
      this.#accept(await this.#options.call(...this.#records));
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }

  override get opensLater(): boolean {
    return true;
  }

  override get later(): boolean {
    return this.#later !== undefined || this.#laterSlices !== undefined;
  }

  override next(): boolean {
    this.#options.check();
    if (this.#array !== undefined) {
      const array = this.#array;
      this.#array = undefined;
      return this.#give(array);
    }
    if (this.#slices !== undefined) return this.#nextSlice(this.#slices);
    const iterator = this.#iterator;
    if (this.#done || iterator === undefined) return false;
    const chunk: unknown[] = [];
    try {
      for (let step = iterator.next(); ; step = iterator.next()) {
        if (step.done === true) {
          this.#done = true;
          break;
        }
        if (chunk.push(step.value) >= CHUNK) break;
      }
    } catch (error) {
      this.#done = true;
      throw blame(error, this.#options.label);
    }
    return this.#give(chunk);
  }

  #nextSlice(slices: Iterator<readonly unknown[] | PairSlice>): boolean {
    try {
      while (!this.#done) {
        const step = slices.next();
        if (step.done === true) this.#done = true;
        else if (this.#setSlice(step.value)) return true;
      }
    } catch (error) {
      this.#done = true;
      throw blame(error, this.#options.label);
    }
    return false;
  }

  #give(rows: readonly unknown[]): boolean {
    if (rows.length === 0) return false;
    this.#options.onRecords?.(rows.length);
    return this.setRows(rows);
  }

  #setSlice(slice: readonly unknown[] | PairSlice): boolean {
    if (slice instanceof PairSlice) return slice.keys.length > 0 && this.setPairs(slice.keys, slice.values);
    return this.#give(slice);
  }

  override async finish(): Promise<void> {
    await this.#return();
    for (const records of this.#records) records.rethrow();
    for (const upstream of this.#upstreams) await upstream.finish();
  }

  override close(): void {
    for (const records of this.#records) records.close();
    for (const upstream of this.#upstreams) upstream.close();
  }

  #accept(result: unknown): void {
    if (Array.isArray(result)) {
      this.#array = result;
      return;
    }
    if (result instanceof Slices) {
      this.#slices = result.slices[Symbol.iterator]();
      return;
    }
    if (isLaterSlices(result)) {
      this.#laterSlices = result.laterSlices[Symbol.asyncIterator]();
      return;
    }
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
      this.#later = (result as AsyncIterable<unknown>)[Symbol.asyncIterator](); // it has the method; what breaks the protocol throws
      return;
    }
    this.#iterator = iteratorOf(result);
  }

  override async nextLater(): Promise<boolean> {
    if (this.#laterSlices !== undefined) return this.#nextLaterSlice(this.#laterSlices);
    const chunk: unknown[] = [];
    try {
      while (chunk.length < SLICE && !this.#done) {
        this.#options.check();
        const step = await this.#later?.next();
        if (step === undefined || step.done === true) this.#done = true;
        else chunk.push(step.value);
      }
    } catch (error) {
      this.#done = true;
      throw blame(error, this.#options.label);
    }
    return this.#give(chunk);
  }

  async #nextLaterSlice(slices: AsyncIterator<readonly unknown[]>): Promise<boolean> {
    try {
      while (!this.#done) {
        this.#options.check();
        const step = await slices.next();
        if (step.done === true) this.#done = true;
        else if (step.value.length > 0) return this.#give(step.value);
      }
    } catch (error) {
      this.#done = true;
      throw blame(error, this.#options.label);
    }
    return false;
  }

  /** Lets the function's generator run its `finally` blocks when the rest is not needed. */
  async #return(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    try {
      this.#iterator?.return?.();
      this.#slices?.return?.();
      await this.#laterSlices?.return?.();
      await this.#later?.return?.();
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }
}

/** One array with the whole partition, even if it is empty. */
export class GlomFeeder extends Feeder {
  readonly #upstream: Feeder;
  readonly #check: () => void;
  #done = false;

  /** @param check Throws when the task is cancelled. */
  constructor(upstream: Feeder, check: () => void) {
    super();
    this.#upstream = upstream;
    this.#check = check;
  }

  override open(): void | Promise<void> {
    return this.#upstream.open();
  }

  override get opensLater(): boolean {
    return this.#upstream.opensLater;
  }

  override next(): boolean {
    if (this.#done) return false;
    this.#done = true;
    return this.setRows([new Records(this.#upstream, this.#check).takeAll()]);
  }

  override get later(): boolean {
    return this.#upstream.later;
  }

  override async nextLater(): Promise<boolean> {
    if (this.#done) return false;
    this.#done = true;
    const all: unknown[] = [];
    const upstream = this.#upstream;
    while (await upstream.nextLater()) {
      this.#check();
      for (; upstream.at < upstream.end; upstream.at++) {
        all.push(
          upstream.rows === undefined
            ? [upstream.keys[upstream.at], upstream.values[upstream.at]]
            : upstream.rows[upstream.at],
        );
      }
    }
    return this.setRows([all]);
  }

  override finish(): void | Promise<void> {
    return this.#upstream.finish();
  }

  override close(): void {
    this.#upstream.close();
  }
}
