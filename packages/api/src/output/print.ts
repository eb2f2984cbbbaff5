import { inspect } from "node:util";
import { formatLocalTime } from "@millrace/base";
import type { Lineage } from "@millrace/plan";
import { runAction } from "../action/action.ts";
import type { OutputOperation } from "../graph/graph-builder.ts";
import type { JobContext } from "../job/job-context.ts";
import type { GraphStream } from "../operations/graph-stream.ts";
import { takeRecords } from "../operations/take.ts";
import { checkCount } from "../refusal/check-all.ts";
import { decodeRecords } from "../source/collection.ts";

const RULE = "-".repeat(43);

/** Declares the output of `print(num)`. @throws BAD_ARGUMENT */
export function printOutput({ context, graph, node }: GraphStream, num: number): OutputOperation {
  checkCount(num, "the number of records to print", 0, 1_000_000);
  // One extra record tells whether there are more. A stream may be named after it was printed.
  return graph.output("print", node, async (lineage, scope) => {
    const taken = await takeRecords(context, lineage, num + 1);
    const more = taken.length > num;
    context.port.write(formatPrint(more ? taken.slice(0, num) : taken, more, scope.time));
    await context.onPrint?.({
      stream: graph.nameOf(node) ?? node.label,
      records: async () => (more ? await allRecords(context, lineage) : taken),
    });
  });
}

/**
 * For a test, which sees more than is printed: an action besides those of the job, which does not affect its
 * accumulators.
 */
async function allRecords(context: JobContext, target: Lineage): Promise<unknown[]> {
  const records: unknown[] = [];
  const blocks = await runAction(context, { name: "print", target, sink: { kind: "collect" }, aside: true });
  for (const block of blocks) decodeRecords(context, block, records);
  return records;
}

/**
 * A batch in the form of `print()`: a banner with the local time, one record per line, dots if there are more, a blank
 * line.
 */
function formatPrint(records: readonly unknown[], more: boolean, time: number): string {
  const lines = records.map((record) => `${formatRecord(record)}\n`).join("");
  return `${RULE}\nTime: ${formatLocalTime(time)}\n${RULE}\n${lines}${more ? "...\n" : ""}\n`;
}

/** A string as it is; anything else in the form of `util.inspect`, on one line. */
function formatRecord(record: unknown): string {
  if (typeof record === "string") return record;
  return inspect(record, { compact: true, breakLength: Number.POSITIVE_INFINITY, colors: false });
}
