import { shown } from "@millrace/codec";
import type { StateRef } from "@millrace/plan";
import type { RowsTaker } from "@millrace/storage";
import { statePartitionerChanged } from "../errors.ts";
import type { PartitionState } from "./partition-state.ts";

/** Takes the rows of a partition whose keys the author places. @throws STATE_PARTITIONER_CHANGED A key belongs elsewhere. */
export function placedTaker(
  state: PartitionState,
  { operator, partition, partitions }: StateRef,
  belongs: (key: unknown) => boolean,
): RowsTaker {
  return {
    take: (rows, wants) => {
      for (let at = 0; at < rows.rows; at++) {
        const key = rows.keys[at];
        if (!wants(rows.groups[at] ?? 0) || belongs(key)) continue;
        throw statePartitionerChanged(
          `the state of ${JSON.stringify(operator)} has the key ${shown(key)} in partition ${partition} of ${partitions}, and the partitioner of the operation places it in another. ` +
            "It has been changed since the checkpoint was written. The job stops, for keys would be looked up where they are not. Nothing of the batch counts. " +
            "Use the partitioner as it was, or give it another number of partitions too: all state is then read, and placed anew.",
          { fields: { operator, partition, partitions } },
        );
      }
      state.take(rows, wants);
    },
  };
}

/** Takes the rows of a former partition that belong to a new one. Ordinals become distinct, and keep their order. */
export function formerTaker(
  state: PartitionState,
  {
    former,
    of,
    belongs,
  }: { readonly former: number; readonly of: number; readonly belongs: (key: unknown) => boolean },
): RowsTaker {
  return {
    take: (rows, wants) => {
      const ordinals = rows.ordinals.map((ordinal) => ordinal * of + former);
      state.take({ ...rows, ordinals }, wants, belongs);
    },
  };
}
