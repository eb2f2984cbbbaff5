import { OracleActions } from "./actions.ts";
import { counted } from "./keys.ts";

type Numbers = OracleStatistics<number>;
type Pairs<K, V> = OracleStatistics<readonly [K, V]>;

/** The result of an approximation that had time for all partitions. */
interface Exactly {
  readonly mean: number;
  readonly confidence: 1;
  readonly low: number;
  readonly high: number;
}

const exactly = (value: number): Exactly => ({ mean: value, confidence: 1, low: value, high: value });
const sumOf = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Statistics of all records: equal to the engine's up to the order of summation, which is undefined. */
export abstract class OracleStatistics<T> extends OracleActions<T> {
  async sum(this: Numbers): Promise<number> {
    return sumOf(this.records);
  }

  async mean(this: Numbers): Promise<number> {
    return this.records.length === 0 ? 0 : sumOf(this.records) / this.records.length;
  }

  async variance(this: Numbers): Promise<number> {
    return (await this.#squares()) / this.records.length;
  }

  async sampleVariance(this: Numbers): Promise<number> {
    return this.records.length < 2 ? Number.NaN : (await this.#squares()) / (this.records.length - 1);
  }

  async #squares(this: Numbers): Promise<number> {
    const mean = await this.mean();
    return sumOf(this.records.map((n) => (n - mean) ** 2));
  }

  popVariance(this: Numbers): Promise<number> {
    return this.variance();
  }

  async stdev(this: Numbers): Promise<number> {
    return Math.sqrt(await this.variance());
  }

  popStdev(this: Numbers): Promise<number> {
    return this.stdev();
  }

  async sampleStdev(this: Numbers): Promise<number> {
    return Math.sqrt(await this.sampleVariance());
  }

  async stats(this: Numbers) {
    return {
      count: this.records.length,
      mean: await this.mean(),
      sum: await this.sum(),
      min: Math.min(...this.records),
      max: Math.max(...this.records),
      variance: await this.variance(),
    };
  }

  /** The last bucket includes its upper bound; values outside are dropped. A number means that many equal buckets. */
  async histogram(this: Numbers, buckets: number | readonly number[]): Promise<unknown> {
    if (typeof buckets === "number") {
      const [min, max] = [Math.min(...this.records), Math.max(...this.records)];
      const size = min === max ? 1 : buckets;
      const ends = Array.from({ length: size }, (_, i) => min + (i * (max - min)) / size).concat(max);
      return [ends, await this.histogram(ends)];
    }
    const last = buckets.length - 2;
    return buckets
      .slice(0, -1)
      .map((start, i) => [start, buckets[i + 1] as number] as const) // there is one
      .map(
        ([start, end], i) => this.records.filter((n) => n >= start && (n < end || (i === last && n === end))).length,
      );
  }

  // ---- approximations: of everything, in all the time they need

  async countApprox(_timeout: unknown): Promise<Exactly> {
    return exactly(this.records.length);
  }

  async sumApprox(this: Numbers, _timeout: unknown): Promise<Exactly> {
    return exactly(await this.sum());
  }

  async meanApprox(this: Numbers, _timeout: unknown): Promise<Exactly> {
    return exactly(await this.mean());
  }

  async countByValueApprox(_timeout: unknown): Promise<Map<T, Exactly>> {
    return new Map(counted(this.records).map(([value, n]) => [value, exactly(n)]));
  }

  async countByKeyApprox<K, V>(this: Pairs<K, V>, _timeout: unknown): Promise<Map<K, Exactly>> {
    return new Map(counted(this.records.map(([key]) => key)).map(([key, n]) => [key, exactly(n)]));
  }

  // ---- chance: one of the possible outcomes; compare only what all of them have in common

  async takeSample(withReplacement: boolean, num: number): Promise<T[]> {
    if (!withReplacement) return this.records.slice(0, num);
    return this.records.length === 0
      ? []
      : Array.from({ length: num }, (_, i) => this.records[i % this.records.length] as T); // below its length
  }
}
