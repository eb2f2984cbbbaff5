/** Return types of a partition function. */
export type Later<U> = Iterable<U> | AsyncIterable<U> | Promise<Iterable<U> | AsyncIterable<U>>;

export async function all<U>(values: Iterable<U> | AsyncIterable<U>): Promise<U[]> {
  const found: U[] = [];
  for await (const value of values) found.push(value);
  return found;
}
