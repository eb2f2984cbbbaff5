import { inspect } from "node:util";
import type { OutputBody } from "../graph-builder.ts";
import type { JobContext } from "../job-context.ts";
import { takeRecords } from "../take.ts";

const RULE = "-".repeat(43);

/** The body of `print(num)`: one record more than it shows tells whether there are more. */
export function printOutput(context: JobContext, num: number): OutputBody {
  return async (lineage, scope) => {
    const records = await takeRecords(context, lineage, num + 1);
    const more = records.length > num;
    if (more) records.length = num;
    context.port.printed?.(records, scope.time);
    context.port.write(formatPrint(records, more, scope.time));
  };
}

/** A batch as `print()` shows it: a banner with the local time, one record a line, dots if there are more, a blank line. */
export function formatPrint(records: readonly unknown[], more: boolean, time: number): string {
  const lines = records.map((record) => `${formatRecord(record)}\n`).join("");
  return `${RULE}\nTime: ${formatTime(time)}\n${RULE}\n${lines}${more ? "...\n" : ""}\n`;
}

/** A string as it is; anything else as `util.inspect` shows it, on one line. */
export function formatRecord(record: unknown): string {
  if (typeof record === "string") return record;
  return inspect(record, { compact: true, breakLength: Number.POSITIVE_INFINITY, colors: false });
}

/** `2026-11-23 20:17:31.000`, local. */
function formatTime(time: number): string {
  const at = new Date(time);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${clock}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
