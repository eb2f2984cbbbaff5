import type { TableShape } from "./table-shape.ts";

/** A longer list is written to disk in parts of this many values, so that it can be read one part at a time. */
const PART_VALUES = 2048;

/** The lists of an accumulator; none if it is a combiner. */
export function listsOf({ kind }: TableShape, acc: unknown): readonly unknown[][] {
  if (kind === "combine") return [];
  return kind === "group" ? [acc as unknown[]] : (acc as unknown[][]); // the shape says so
}

/** An accumulator, split into parts for the disk. */
export function* partsOf(shape: TableShape, acc: unknown): Generator<unknown, void, undefined> {
  const lists = listsOf(shape, acc);
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  if (longest <= PART_VALUES) {
    yield acc;
    return;
  }
  for (let at = 0; at < longest; at += PART_VALUES) {
    const part = lists.map((list) => list.slice(at, at + PART_VALUES));
    yield shape.kind === "group" ? part[0] : part;
  }
}

/** Appends a part to an accumulator. A combiner has no parts. */
export function appendPart(shape: TableShape, acc: unknown, part: unknown): void {
  const lists = listsOf(shape, acc);
  listsOf(shape, part).forEach((more, feed) => {
    const list = lists[feed];
    for (let i = 0; i < more.length; i++) list?.push(more[i]);
  });
}

/** The number of values in an accumulator's lists. */
export function valuesIn(shape: TableShape, acc: unknown): number {
  return listsOf(shape, acc).reduce((sum, list) => sum + list.length, 0);
}
