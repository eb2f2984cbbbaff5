import type { FileBlock, SpillFile } from "@millrace/storage";
import { RunMerge } from "../sort/merge-runs.ts";
import { RunReader } from "../sort/run-reader.ts";
import type { OrdinalPairs } from "./pair-buckets.ts";
import { appendPart, partsOf, valuesIn } from "./parts.ts";
import { type SpillOptions, writeRun } from "./spill-run.ts";
import type { TableShape } from "./table-shape.ts";

/** The maximum number of keys in a chunk, and of values in its lists before it is passed on. */
const CHUNK = 1024;
const CHUNK_VALUES = 16 * 1024;
/** Rows taken from the runs at a time. */
const STEP = 16;

/** Keys with their accumulators and ascending ordinals. */
export interface OrderedColumns {
  readonly ordinals: readonly number[];
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

/** Writes one bucket's results as a run; `undefined` if there are none. */
export function writeResults(
  file: SpillFile,
  results: Iterable<OrdinalPairs>,
  { classes, shape }: SpillOptions & { readonly shape: TableShape },
): FileBlock | undefined {
  return writeRun(file, classes, (writer) => {
    for (const { ordinals, keys, values } of results) {
      for (let i = 0; i < keys.length; i++) {
        for (const part of partsOf(shape, values[i])) writer.writePair(ordinals[i], [keys[i], part]);
      }
    }
  });
}

/** The results of all runs in the order of their ordinals. Memory: a frame for each run, and a chunk. */
export function* mergeResults(
  runs: readonly FileBlock[],
  options: SpillOptions & { readonly shape: TableShape },
): Generator<OrderedColumns, void, undefined> {
  const { shape } = options;
  const readers = runs.map((run) => new RunReader(run, options, undefined));
  const merge = new RunMerge(readers, (a, b) => (a as number) - (b as number)); // as `writeResults` wrote them
  let ordinals: number[] = [];
  let keys: unknown[] = [];
  let values: unknown[] = [];
  let listed = 0;
  const take = (ordinal: unknown, record: unknown): void => {
    const [key, part] = record as readonly [unknown, unknown]; // as above
    listed += valuesIn(shape, part);
    if (ordinal === ordinals.at(-1)) {
      appendPart(shape, values.at(-1), part);
      return;
    }
    ordinals.push(ordinal as number); // as above
    keys.push(key);
    values.push(part);
  };
  try {
    merge.begin();
    while (merge.take(STEP, take) > 0) {
      if (keys.length <= CHUNK && listed <= CHUNK_VALUES) continue;
      // More parts of the last key may follow.
      const last = [ordinals.splice(-1), keys.splice(-1), values.splice(-1)] as const;
      if (keys.length > 0) yield { ordinals, keys, values };
      [ordinals, keys, values] = last;
      listed = 0;
    }
    if (keys.length > 0) yield { ordinals, keys, values };
  } finally {
    merge.close();
  }
}
