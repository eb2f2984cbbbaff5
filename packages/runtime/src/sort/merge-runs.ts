import type { Comparison } from "@millrace/codec";
import type { RunReader } from "./run-reader.ts";

/**
 * Merges sorted runs, with equal records in the order of the runs. A heap of the runs' next records: O(log runs)
 * comparisons each.
 */
export class RunMerge {
  readonly #compare: Comparison;
  /** A run's position in the list determines its place among equal records. */
  readonly #runs: readonly RunReader[];
  /** Positions of runs that have a record; the children of place i are 2i + 1 and 2i + 2. */
  readonly #heap: number[] = [];

  constructor(runs: readonly RunReader[], compare: Comparison) {
    this.#runs = runs;
    this.#compare = compare;
  }

  /** Reads the first record of every run. Must be called before `take`. */
  begin(): void {
    this.#runs.forEach((run, position) => {
      if (run.next()) this.#heap.push(position);
    });
    for (let place = this.#heap.length >>> 1; place >= 0; place--) this.#sink(place);
  }

  /** Passes on the next `limit` records, or fewer at the end; returns how many. */
  take(limit: number, take: (key: unknown, record: unknown) => void): number {
    const heap = this.#heap;
    let taken = 0;
    for (; taken < limit && heap.length > 0; taken++) {
      const run = this.#run(0);
      take(run.key, run.record);
      if (!run.next()) {
        const last = heap.pop();
        if (heap.length === 0 || last === undefined) continue;
        heap[0] = last;
      }
      this.#sink(0);
    }
    return taken;
  }

  close(): void {
    for (const run of this.#runs) run.close();
  }

  #run(place: number): RunReader {
    return this.#runs[this.#heap[place] ?? 0] as RunReader; // callers stay within the heap, which holds positions of runs
  }

  #sink(from: number): void {
    const heap = this.#heap;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && this.#before(child + 1, child)) child += 1;
      if (!this.#before(child, place)) return;
      [heap[place], heap[child]] = [heap[child] ?? 0, heap[place] ?? 0];
      place = child;
    }
  }

  #before(a: number, b: number): boolean {
    const order = this.#compare(this.#run(a).key, this.#run(b).key);
    return order < 0 || (order === 0 && (this.#heap[a] ?? 0) < (this.#heap[b] ?? 0));
  }
}
