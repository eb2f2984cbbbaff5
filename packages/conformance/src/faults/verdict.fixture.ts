/** What a run of `jobs/chaos.ts` has left, by output and batch time: the lines of each saved batch. */
export type Saved = Readonly<Record<Output, ReadonlyMap<number, readonly string[]>>>;

export const OUTPUTS = ["records", "totals", "places", "recent", "window"] as const;
type Output = (typeof OUTPUTS)[number];

const KEYS = 7;
const INTERVAL_MS = 200;
/** Batches of `recent` and of `window`. */
const RECENT = 5;
const WINDOW = 3;
/** Differences that are worth showing. */
const SHOWN = 12;

/**
 * Compares what was saved with a plain computation. `records` says which batch read which record; every record has to be
 * there once, no batch may be missing, and all other outputs of each batch have to follow from the records up to it.
 *
 * @param fed The number of records: they are 0, 1, …
 * @returns The differences, the first ones in words; none if the job did what it should.
 */
export function differences(fed: number, saved: Saved): readonly string[] {
  const times = [...saved.records.keys()].sort((a, b) => a - b);
  const found = [...inputDifferences(fed, saved.records), ...timeDifferences(times, saved)];
  const totals = new Map<number, { records: number; sum: number }>();
  times.forEach((time, i) => {
    const records = (at: number): readonly number[] => (saved.records.get(times[at] ?? -1) ?? []).map(Number);
    const back = (batches: number): readonly number[] =>
      Array.from({ length: Math.min(batches, i + 1) }, (_, n) => records(i - n)).flat();
    const before = new Map([...totals].map(([key, total]) => [key, total.records]));
    for (const record of records(i)) {
      const total = totals.get(record % KEYS) ?? { records: 0, sum: 0 };
      totals.set(record % KEYS, { records: total.records + 1, sum: total.sum + record });
    }
    const recent = new Map<number, number>();
    for (const record of back(RECENT)) recent.set(record % KEYS, (recent.get(record % KEYS) ?? 0) + record);
    const compare = (output: Output, expected: readonly string[], of = (line: string): string => line): void => {
      const actual = (saved[output].get(time) ?? []).map(of).sort();
      const wanted = [...expected].sort();
      if (actual.join("\n") === wanted.join("\n")) return;
      found.push(`${output} of batch ${time} has [${actual.join(", ")}], expected [${wanted.join(", ")}]`);
    };
    compare(
      "totals",
      [...totals].map(([key, { records: count, sum }]) => `${key} ${count} ${sum}`),
    );
    compare("window", back(WINDOW).map(String));
    // A key that has left the window may stay with 0.
    const nonZero = (saved.recent.get(time) ?? []).filter((line) => !line.endsWith(" 0"));
    const wantedRecent = [...recent].filter(([, sum]) => sum !== 0).map(([key, sum]) => `${key} ${sum}`);
    if (nonZero.toSorted().join("\n") !== wantedRecent.toSorted().join("\n"))
      found.push(`recent of batch ${time} has [${nonZero.join(", ")}], expected [${wantedRecent.join(", ")}]`);
    // The records of a key come in any order, and take the places after the earlier ones in that.
    compare(
      "places",
      records(i).map((record) => `${record % KEYS} ${record}`),
      (line) => line.split(" ").slice(0, 2).join(" "),
    );
    compare(
      "places",
      [...totals].flatMap(([key, { records: until }]) =>
        Array.from({ length: until - (before.get(key) ?? 0) }, (_, n) => `${key} ${(before.get(key) ?? 0) + n + 1}`),
      ),
      (line) =>
        line
          .split(" ")
          .filter((_, column) => column !== 1)
          .join(" "),
    );
  });
  return found.length <= SHOWN ? found : [...found.slice(0, SHOWN), `… and ${found.length - SHOWN} more`];
}

function inputDifferences(fed: number, records: ReadonlyMap<number, readonly string[]>): readonly string[] {
  const seen = new Map<number, number[]>();
  for (const [time, lines] of records)
    for (const line of lines) seen.set(Number(line), [...(seen.get(Number(line)) ?? []), time]);
  const found: string[] = [];
  const lost = Array.from({ length: fed }, (_, n) => n).filter((n) => !seen.has(n));
  if (lost.length > 0) found.push(`${lost.length} of ${fed} records are lost: ${ranges(lost)}`);
  for (const [record, times] of seen) {
    if (times.length > 1) found.push(`record ${record} is there ${times.length} times, in batches ${times.join(", ")}`);
    if (!(record >= 0 && record < fed)) found.push(`record ${record} was never fed`);
  }
  return found;
}

/** No batch may be missing in between, and all have the same outputs. */
function timeDifferences(times: readonly number[], saved: Saved): readonly string[] {
  const found: string[] = [];
  times.forEach((time, i) => {
    const before = times[i - 1];
    if (before !== undefined && time !== before + INTERVAL_MS)
      found.push(`between the batches ${before} and ${time} there are ${(time - before) / INTERVAL_MS - 1} missing`);
  });
  for (const output of OUTPUTS) {
    const without = times.filter((time) => !saved[output].has(time));
    const only = [...saved[output].keys()].filter((time) => !saved.records.has(time));
    if (without.length > 0) found.push(`${output} is missing of the batches ${without.join(", ")}`);
    if (only.length > 0) found.push(`only ${output} is there of the batches ${only.join(", ")}`);
  }
  return found;
}

/** `3-5, 9` */
function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const n of numbers) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else found.push([n, n]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
