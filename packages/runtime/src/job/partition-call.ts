import { unreachable } from "@millrace/base";
import type { FnSlot } from "@millrace/plan";
import type { Link } from "../compile/stage-program.ts";
import { writeAll } from "../sink/external-writer.ts";
import type { TaskEnvironment } from "./task-environment.ts";

/** A link that calls a function of the job with the records of a partition. */
type CallLink = Extract<Link, { readonly fn: FnSlot }>;

/**
 * The call that such a link makes with the records of its partition.
 *
 * @param fn The function of the link's slot.
 * @param partition The partition number of an input; by default the task's own.
 */
export function partitionCall(
  link: CallLink,
  fn: (...args: unknown[]) => unknown,
  { batch: time, task }: TaskEnvironment,
  partition: (input: number | undefined) => number,
): (...records: Iterable<unknown>[]) => unknown {
  switch (link.kind) {
    case "mapPartitions":
      return fn;
    case "mapPartitionsWithIndex":
      return (records) => fn(partition(link.index), records);
    case "foreachPartition":
      // Its result is ignored, but must be awaited.
      return async (records) => {
        await fn(records);
        return [];
      };
    case "external":
      return (records) => writeAll(() => fn({ time, partition: task.partition, attempt: task.attempt }), records);
    default:
      return unreachable(link);
  }
}
