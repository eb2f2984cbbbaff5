import { blame } from "../compile/blame.ts";
import { partitionLengthsDiffer } from "../errors.ts";
import { Feeder, SLICE } from "./feeder.ts";

/** One tuple for each position of several feeders, which must have equal lengths. */
export class ZipFeeder extends Feeder {
  readonly #feeders: readonly Feeder[];
  readonly #label: string;
  #given = 0;

  constructor(feeders: readonly Feeder[], label: string) {
    super();
    this.#feeders = feeders;
    this.#label = label;
  }

  override async open(): Promise<void> {
    for (const feeder of this.#feeders) await feeder.open();
  }

  override get opensLater(): boolean {
    return true;
  }

  override get later(): boolean {
    return this.#feeders.some((feeder) => feeder.later);
  }

  override next(): boolean {
    return this.#zip(this.#feeders.map((feeder) => feeder.at < feeder.end || feeder.next()));
  }

  override async nextLater(): Promise<boolean> {
    const more: boolean[] = [];
    for (const feeder of this.#feeders) {
      more.push(feeder.at < feeder.end || (feeder.later ? await feeder.nextLater() : feeder.next()));
    }
    return this.#zip(more);
  }

  override async finish(): Promise<void> {
    for (const feeder of this.#feeders) await feeder.finish();
  }

  override close(): void {
    for (const feeder of this.#feeders) feeder.close();
  }

  /** Emits as many tuples as every side has records available. */
  #zip(more: readonly boolean[]): boolean {
    if (more.includes(false)) {
      if (more.includes(true)) throw this.#differ(more);
      return false;
    }
    const count = Math.min(SLICE, ...this.#feeders.map((feeder) => feeder.end - feeder.at));
    const columns = this.#feeders.map((feeder) => take(feeder, count));
    this.#given += count;
    const [first, second] = columns;
    if (first !== undefined && second !== undefined && columns.length === 2)
      return this.setPairs(first, second, 0, count);
    return this.setRows(Array.from({ length: count }, (_, i) => columns.map((column) => column[i])));
  }

  #differ(more: readonly boolean[]): unknown {
    const sides = (wanted: boolean): string =>
      more.flatMap((has, side) => (has === wanted ? [`${side + 1}`] : [])).join(" and ");
    return blame(
      partitionLengthsDiffer(
        `a partition has ${this.#given} records in RDD ${sides(false)} and more in RDD ${sides(true)}. The task fails, since the rest has no ` +
          "counterpart. Zip RDDs derived from one another by map alone, use zipPartitions with a function that handles it, or join the results of zipWithIndex.",
        { fields: { records: this.#given } },
      ),
      this.#label,
    );
  }
}

/** The next records of a feeder's chunk; the chunk itself where possible. */
function take(feeder: Feeder, count: number): ArrayLike<unknown> {
  const { rows, keys, values, at } = feeder;
  const end = at + count;
  feeder.at = end;
  if (rows !== undefined && at === 0) return rows;
  if (Array.isArray(rows)) return rows.slice(at, end);
  const taken: unknown[] = [];
  if (rows === undefined) for (let i = at; i < end; i++) taken.push([keys[i], values[i]]);
  else for (let i = at; i < end; i++) taken.push(rows[i]);
  return taken;
}
