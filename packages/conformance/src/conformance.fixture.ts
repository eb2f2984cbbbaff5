/** Expected and actual results of the cases of a run: the records of each batch as text; null for no batch. */
export interface Outcome {
  readonly wanted: Readonly<Record<string, readonly Batch[]>>;
  readonly given: Readonly<Record<string, readonly Batch[]>>;
}

type Batch = readonly string[] | null;

/** Topics of `jobs/conformance/`, and how many batches the longest case of each has. */
export const TOPICS = [
  ["records", 4],
  ["batches", 4],
  ["pairs", 4],
  ["joins", 5],
  ["windows", 8],
  ["reduced-windows", 7],
  ["state", 5],
  ["mapped-state", 7],
  ["keys", 4],
  ["rdds", 3],
  ["rdd-actions", 3],
  ["rdd-pairs", 2],
  ["placed-pairs", 1],
  ["rdd-sets", 1],
  ["rdd-order", 1],
  ["rdd-files", 1],
  ["pipes", 1],
  ["shared", 1],
  ["outputs", 5],
  ["sources", 4],
  ["compositions", 8],
  ["static-data", 5],
] as const;

/** A line of `jobs/conformance/report.ts`. */
type Line =
  | { readonly wanted: readonly (readonly [name: string, batches: readonly Batch[]])[] }
  | { readonly given: readonly (readonly [name: string, batch: number, records: readonly string[]])[] };

/** @param lines The output of the job `conformance`, possibly among other lines. */
export function outcomeOf(lines: readonly string[]): Outcome {
  const wanted: Record<string, readonly Batch[]> = {};
  const given: Record<string, Batch[]> = {};
  for (const line of lines) {
    if (!/^{"(wanted|given)":/.test(line)) continue;
    const said = JSON.parse(line) as Line; // no other line begins so
    if ("wanted" in said) {
      for (const [name, batches] of said.wanted) {
        if (name in wanted) throw new Error(`two cases are called ${name}`);
        wanted[name] = batches;
        given[name] = batches.map(() => null);
      }
    } else {
      for (const [name, batch, records] of said.given) {
        const batches = given[name];
        if (batches?.[batch] !== null)
          throw new Error(`${name} gave a batch ${batch} that is not expected: ${records}`);
        batches[batch] = records;
      }
    }
  }
  return { wanted, given };
}
