import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { StreamingContext } from "millrace";
import type { Case, Order, Report } from "./case.ts";
import { show } from "./show.ts";

/**
 * Declares all cases in one job, and prints the expected results and those of each batch as lines of JSON: the records as
 * text, in a comparable order.
 *
 * @param directory For files of the cases.
 */
export function declareCases(ssc: StreamingContext, cases: readonly Case[], directory: string): void {
  let first: number | undefined;
  ssc.queueStream<never>([]).foreachRDD((_, time) => {
    first ??= time;
  });
  const given: [name: string, batch: number, records: readonly string[]][] = [];
  for (const [i, { name, order, expected, declare }] of cases.entries()) {
    const report: Report = (time, records) => {
      const batch = (time - (first ?? time)) / ssc.batchInterval;
      if (batch < expected.length) given.push([name, batch, comparable(records, order)]);
    };
    const own = join(directory, String(i));
    mkdirSync(own, { recursive: true });
    declare(ssc, report, own);
  }
  ssc.queueStream<never>([]).foreachRDD(() => {
    console.log(JSON.stringify({ given: given.splice(0) })); // outputs run in the order they are declared in
  });
  const wanted = cases.map(({ name, order, expected }) => [
    name,
    expected.map((batch) => batch && comparable(batch, order)),
  ]);
  console.log(JSON.stringify({ wanted }, (_, value: unknown) => (value === undefined ? null : value)));
}

function comparable(records: readonly unknown[], order: Order): string[] {
  if (order === "in order within each key") return [...records].sort(byKey).map(show);
  const texts = records.map(show);
  return order === "exactly" ? texts : texts.sort();
}

/** `sort` leaves equal ones as they came. */
function byKey(a: unknown, b: unknown): number {
  const [left, right] = [keyText(a), keyText(b)];
  return left === right ? 0 : left < right ? -1 : 1;
}

const keyText = (record: unknown): string => show(Array.isArray(record) ? record[0] : record);
