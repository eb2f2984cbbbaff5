import type { GroupRange, RowGroupContent, RowGroupsWriter as Writer } from "@millrace/storage";
import { RowGroupsWriter } from "@millrace/storage";
import type { Overlay } from "./overlay.ts";
import type { PartitionState } from "./partition-state.ts";

/** What the head of a file says of a state, on top of it if a batch has made changes. */
export function headOf(
  { table, nextOrdinal, schema }: PartitionState,
  overlay: Overlay | undefined,
): { readonly schema: number; readonly timed: boolean; readonly nextOrdinal: number } {
  const added = overlay?.newKeys.length ?? 0;
  return { schema, timed: table.timed, nextOrdinal: nextOrdinal + added };
}

/** The changes of a batch, for its delta; none if it changes nothing. */
export function deltaRows(state: PartitionState, overlay: Overlay): readonly RowGroupContent[] {
  const { table, nextOrdinal } = state;
  const timed = { timed: table.timed };
  const states = new RowGroupsWriter("state", timed);
  overlay.changed.forEach((at, place) => {
    const cell = overlay.changedStates.cell(place);
    states.put(table.keyAt(at), table.groupOf(at), cell, table.ordinalOf(at), overlay.batch);
  });
  for (const at of overlay.touched) {
    if (!overlay.isChanged(at)) {
      states.put(table.keyAt(at), table.groupOf(at), table.cell(at), table.ordinalOf(at), overlay.batch);
    }
  }
  overlay.newKeys.forEach((key, place) => {
    states.put(key, overlay.newGroups[place] ?? 0, overlay.newStates.cell(place), nextOrdinal + place, overlay.batch);
  });
  let removals: Writer | undefined;
  for (const at of overlay.forgotten) {
    removals ??= new RowGroupsWriter("removal", timed);
    removals.remove(table.keyAt(at), table.groupOf(at));
  }
  return [...states.finish(), ...(removals?.finish() ?? [])];
}

/** The published state of some key groups, for a slice. */
export function sliceRows({ table }: PartitionState, range: GroupRange): readonly RowGroupContent[] {
  const writer = new RowGroupsWriter("state", { timed: table.timed });
  table.ofGroups(range, (at, group) => {
    writer.put(table.keyAt(at), group, table.cell(at), table.ordinalOf(at), table.updatedAt(at));
  });
  return writer.finish();
}

/** Writes the state of some key groups as it is after the batch, for slices of the version that the batch becomes. */
export function wholeRows(state: PartitionState, overlay: Overlay): (range: GroupRange, writer: Writer) => void {
  const { table, nextOrdinal } = state;
  const added: number[][] = [];
  overlay.newGroups.forEach((group, place) => {
    const places = added[group];
    if (places === undefined) added[group] = [place];
    else places.push(place);
  });
  return (range, writer) => {
    table.ofGroups(range, (at, group) => {
      const cell = overlay.cellAt(at);
      if (cell === undefined) return;
      const updated = overlay.isChanged(at) || overlay.touched.has(at) ? overlay.batch : table.updatedAt(at);
      writer.put(table.keyAt(at), group, cell, table.ordinalOf(at), updated);
    });
    for (let group = range.first; group <= range.last; group++) {
      for (const place of added[group] ?? []) {
        writer.put(overlay.newKeys[place], group, overlay.newStates.cell(place), nextOrdinal + place, overlay.batch);
      }
    }
  };
}
