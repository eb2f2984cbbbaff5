import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { type Lineage, lazySource, narrow, type TaskInput } from "@millrace/plan";
import type { JobContext } from "../job/job-context.ts";

/** Whole numbers created on executors: a partition receives its first number, its step and its count. */
export function numberRange(
  context: JobContext,
  { from, step, length }: { readonly from: number; readonly step: number; readonly length: number },
  partitions: number | undefined,
): Lineage {
  const inputsOf = async (): Promise<readonly TaskInput[]> => {
    const n = partitions ?? context.defaultParallelism;
    const cut = (i: number): number => Math.floor((i * length) / n);
    return Array.from({ length: n }, (_, i) => {
      const slice = [from + cut(i) * step, step, cut(i + 1) - cut(i)];
      return { kind: "inline", block: encodeBlock([slice], emptyClassTable) };
    });
  };
  const options = { lasting: context.building, label: "range" };
  const slices = lazySource("blocks", inputsOf, partitions === undefined ? options : { ...options, partitions });
  return narrow(slices, { kind: "flatMap", fn: operators.numbers.ref(), label: "range" }, false);
}
