import { badArgument } from "../errors.ts";
import type { OutputBody } from "../graph-builder.ts";
import type { JobContext } from "../job-context.ts";
import { type SaveFormat, saveRecords } from "../save-records.ts";
import { resolvePath } from "../source/found-files.ts";

/** The body of `saveAsTextFiles` and its like. @throws BAD_ARGUMENT, FILE_SYSTEM_UNKNOWN */
export function saveOutput(context: JobContext, prefix: string, suffix: string, format: SaveFormat): OutputBody {
  if (typeof prefix !== "string" || typeof suffix !== "string") {
    throw badArgument(`${format.operator} takes a prefix and a suffix, both text.`);
  }
  if (prefix !== "") resolvePath(context, prefix, format.operator); // refused here, not in the first batch
  return (lineage, scope) => saveRecords(context, lineage, batchDirectory(prefix, suffix, scope.time), format);
}

/** `prefix-<ms>.suffix`; without a prefix no dash, without a suffix no dot (features FO-1). */
export function batchDirectory(prefix: string, suffix: string, time: number): string {
  const dash = prefix === "" || prefix.endsWith("/") ? "" : "-";
  return `${prefix}${dash}${time}${suffix === "" ? "" : `.${suffix}`}`;
}
