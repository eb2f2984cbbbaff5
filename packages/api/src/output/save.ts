import { checkAll } from "../check-all.ts";
import { badArgument } from "../errors.ts";
import type { OutputBody } from "../graph-builder.ts";
import type { JobContext } from "../job-context.ts";
import { kindOf } from "../not-given.ts";
import { type SaveFormat, saveRecords } from "../save-records.ts";
import { resolvePath } from "../source/found-files.ts";

/** The body of `saveAsTextFiles` and its like. @throws BAD_ARGUMENT, FILE_SYSTEM_UNKNOWN */
export function saveOutput(
  context: JobContext,
  prefix: string,
  suffix: string,
  { operator, format: formatOf }: { readonly operator: string; readonly format: () => SaveFormat },
): OutputBody {
  const { format } = checkAll(operator, {
    prefix: () => {
      checkText(prefix, `the prefix of ${operator}`);
      if (prefix !== "") resolvePath(context, prefix, operator); // refused here, not in the first batch
    },
    suffix: () => checkText(suffix, `the suffix of ${operator}`),
    format: formatOf,
  });
  return (lineage, scope) => saveRecords(context, lineage, batchDirectory(prefix, suffix, scope.time), format);
}

function checkText(value: unknown, what: string): void {
  if (typeof value !== "string") throw badArgument(`${what} is ${kindOf(value)}; it must be a text.`);
}

/** `prefix-<ms>.suffix`; without a prefix no dash, without a suffix no dot (features FO-1). */
export function batchDirectory(prefix: string, suffix: string, time: number): string {
  const dash = prefix === "" || prefix.endsWith("/") ? "" : "-";
  return `${prefix}${dash}${time}${suffix === "" ? "" : `.${suffix}`}`;
}
