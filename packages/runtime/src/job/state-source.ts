import { assert, unreachable } from "@millrace/base";
import { partitionOf } from "@millrace/codec";
import type { AnyFunction } from "@millrace/operators";
import type { FnSlot, StateRef, StateVersion } from "@millrace/plan";
import type { PipelineProgram, StateEntry } from "../compile/stage-program.ts";
import type { Feeder } from "../source/feeder.ts";
import { StateFeeder } from "../source/state-feeder.ts";
import { StateSnapshotFeeder } from "../source/state-snapshot-feeder.ts";
import { InitialState } from "../state/update/initial-state.ts";
import { KeyedInput } from "../state/update/keyed-input.ts";
import { type MapUpdaterOptions, MapWithState } from "../state/update/map-with-state.ts";
import { UpdateByKey, type UpdateByKeyOptions } from "../state/update/update-by-key.ts";
import { UpdatePartition, type UpdatePartitionOptions } from "../state/update/update-partition.ts";
import { UpdateWindow, type UpdateWindowOptions } from "../state/update/update-window.ts";
import type { StateUpdater } from "../state/update/updater.ts";
import type { ValueSchema } from "../state/value-schema.ts";
import type { SpillingTable } from "../table/spilling-table.ts";
import { TableBudget } from "../table/table-budget.ts";
import type { TableShape } from "../table/table-shape.ts";
import type { TaskEnvironment } from "./task-environment.ts";

/** The services of a task's run for its stateful operator. */
export interface StateParts {
  readonly env: TaskEnvironment;
  function<F extends AnyFunction>(slot: FnSlot): F;
  /** The whole output of a pipeline. */
  whole(program: PipelineProgram): Feeder;
  /** Turns an asynchronous feeder into a synchronous one, when it is opened. */
  spool(later: Feeder): Feeder;
  table(shape: TableShape, budget: TableBudget): SpillingTable;
  fill(program: PipelineProgram, table: SpillingTable): Promise<void>;
  /** The task has updated its partition, to this version if it changed it. */
  updated(version: StateVersion | undefined): void;
}

/** The feeder of a stateful operator: the task's transaction on its partition of state. */
export function stateFeeder(entry: StateEntry, parts: StateParts): Feeder {
  const { task, states: store, control } = parts.env;
  const ref = task.state;
  assert(ref !== undefined, "a task of a stateful operator names no state");
  const schema = schemaOf(entry.schema, parts);
  if (entry.kind === "snapshot") return new StateSnapshotFeeder({ store, ref, schema });
  const belongs = belonging(entry.place, ref, parts);
  const updater = updaterOf(entry, { ref, belongs }, parts);
  return new StateFeeder({
    ...{ store, ref, updater, belongs, placed: entry.place !== undefined, schema, again: task.attempt > 0 },
    check: () => control.check(),
    updated: (version) => parts.updated(version),
  });
}

function updaterOf(
  entry: Exclude<StateEntry, { readonly kind: "snapshot" }>,
  { ref, belongs }: { readonly ref: StateRef; readonly belongs: (key: unknown) => boolean },
  parts: StateParts,
): StateUpdater {
  const { classes, control, budget } = parts.env;
  const { label } = entry;
  const time = ref.batch;
  switch (entry.kind) {
    case "updateByKey": {
      const values = parts.table({ kind: "group" }, budget);
      return new UpdateByKey({
        label,
        time,
        update: parts.function<UpdateByKeyOptions["update"]>(entry.update),
        onlyUpdated: entry.onlyUpdated,
        input: new KeyedInput(values, () => parts.fill(entry.feed, values), initialState(entry.initial, parts)),
      });
    }
    case "updatePartition": {
      const values = parts.table({ kind: "group" }, budget);
      return new UpdatePartition({
        label,
        time,
        update: parts.function<UpdatePartitionOptions["update"]>(entry.update),
        belongs,
        input: new KeyedInput(values, () => parts.fill(entry.feed, values), initialState(entry.initial, parts)),
        check: () => control.check(),
      });
    }
    case "window": {
      const moved = parts.table({ kind: "cogroup", feeds: 2 }, budget);
      return new UpdateWindow({
        label,
        reduce: parts.function<UpdateWindowOptions["reduce"]>(entry.reduce),
        inverse: parts.function<UpdateWindowOptions["inverse"]>(entry.inverse),
        filter:
          entry.filter === undefined
            ? undefined
            : parts.function<NonNullable<UpdateWindowOptions["filter"]>>(entry.filter),
        moved,
        fillMoved: async () => {
          for (const feed of entry.feeds) await parts.fill(feed, moved);
        },
      });
    }
    case "mapWithState":
      return new MapWithState({
        classes,
        label,
        time,
        map: parts.function<MapUpdaterOptions["map"]>(entry.map),
        loop: entry.loop,
        timeoutMs: entry.timeoutMs,
        pairs: parts.whole(entry.feed),
        spool: (later) => parts.spool(later),
        initial: initialState(entry.initial, parts),
        check: () => control.check(),
      });
    default:
      return unreachable(entry);
  }
}

function schemaOf({ version, migrate, label }: StateEntry["schema"], parts: StateParts): ValueSchema {
  const fn = migrate === undefined ? undefined : parts.function<NonNullable<ValueSchema["migrate"]>>(migrate);
  return { version, migrate: fn, label };
}

/** Whether a key belongs to the task's partition. */
function belonging(place: FnSlot | undefined, ref: StateRef, parts: StateParts): (key: unknown) => boolean {
  if (place === undefined) return (key) => partitionOf(key, ref.partitions) === ref.partition;
  const fn = parts.function<(key: unknown) => number>(place);
  return (key) => fn(key) === ref.partition;
}

/** Initial state, in a table that never spills: it becomes state, which is in memory anyway, and is looked up by key. */
function initialState(program: PipelineProgram | undefined, parts: StateParts): InitialState | undefined {
  if (program === undefined) return undefined;
  const table = parts.table({ kind: "combine" }, TableBudget.unbounded);
  return new InitialState(table, () => parts.fill(program, table));
}
