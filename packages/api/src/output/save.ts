import { parentOf } from "@millrace/files";
import { badArgument } from "../errors.ts";
import type { OutputOperation } from "../graph/graph-builder.ts";
import { placeOutside } from "../graph/outside.ts";
import type { GraphStream } from "../operations/graph-stream.ts";
import { checkAll } from "../refusal/check-all.ts";
import { kindOf } from "../refusal/not-given.ts";
import { resolvePath } from "../source/found-files.ts";
import { objectFormat, type SaveFormat, type SaveTextOptions, stageRecords, textFormat } from "./save-records.ts";

/** @throws BAD_ARGUMENT, FILE_SYSTEM_UNKNOWN */
export function saveAsTextFiles(
  on: GraphStream,
  prefix: string,
  suffix: string,
  options: SaveTextOptions,
): OutputOperation {
  const operator = "saveAsTextFiles";
  return saveOutput(on, operator, [prefix, suffix], () => textFormat(options, operator));
}

/** @throws BAD_ARGUMENT, FILE_SYSTEM_UNKNOWN */
export function saveAsObjectFiles(on: GraphStream, prefix: string, suffix: string): OutputOperation {
  const operator = "saveAsObjectFiles";
  return saveOutput(on, operator, [prefix, suffix], () => objectFormat(operator));
}

/** Stages the output of a batch: the files are published when the batch is committed. */
function saveOutput(
  { context, graph, node }: GraphStream,
  operator: string,
  [prefix, suffix]: readonly [prefix: string, suffix: string],
  formatOf: () => SaveFormat,
): OutputOperation {
  const { format } = checkAll(operator, {
    prefix: () => {
      checkText(prefix, `the prefix of ${operator}`);
      if (prefix === "") return;
      const at = resolvePath(context, prefix, operator); // refused here, not in the first batch
      const path = prefix.endsWith("/") ? at : parentOf(at);
      context.addOutside(placeOutside(context.port, { path, use: "output" }));
    },
    suffix: () => checkText(suffix, `the suffix of ${operator}`),
    format: formatOf,
  });
  return graph.output(operator, node, async (lineage, scope, output) => {
    const staged = await stageRecords(context, lineage, batchDirectory(prefix, suffix, scope.time), format);
    scope.addPrepared({ kind: "files", output, ...staged });
  });
}

function checkText(value: unknown, what: string): void {
  if (typeof value !== "string") throw badArgument(`${what} is ${kindOf(value)}; it must be a string.`);
}

/** `prefix-<ms>.suffix`; without a prefix no dash, without a suffix no dot (FO-1 of docs/operations.md). */
function batchDirectory(prefix: string, suffix: string, time: number): string {
  const dash = prefix === "" || prefix.endsWith("/") ? "" : "-";
  return `${prefix}${dash}${time}${suffix === "" ? "" : `.${suffix}`}`;
}
