import { badArgument } from "../errors.ts";
import type { OutputBody } from "../graph-builder.ts";
import type { JobContext } from "../job-context.ts";
import { saveAsText } from "../save-text.ts";

/** The body of `saveAsTextFiles`. @throws BAD_ARGUMENT */
export function saveOutput(context: JobContext, prefix: string, suffix: string): OutputBody {
  if (typeof prefix !== "string" || typeof suffix !== "string") {
    throw badArgument("saveAsTextFiles takes a prefix and a suffix, both text.");
  }
  return (lineage, scope) => saveAsText(context, lineage, batchDirectory(prefix, suffix, scope.time));
}

/** `prefix-<ms>.suffix`; without a prefix no dash, without a suffix no dot (features FO-1). */
export function batchDirectory(prefix: string, suffix: string, time: number): string {
  const dash = prefix === "" || prefix.endsWith("/") ? "" : "-";
  return `${prefix}${dash}${time}${suffix === "" ? "" : `.${suffix}`}`;
}
