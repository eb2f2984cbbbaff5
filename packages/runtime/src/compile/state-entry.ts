import { unreachable } from "@millrace/base";
import type { Feed, StateUpdate } from "@millrace/plan";
import type { PipelineProgram, StateUpdateEntry } from "./stage-program.ts";
import { stateLoop } from "./state-loop.ts";
import type { Terminal } from "./terminal.ts";

/** The services of the template compiler for a stateful operator. */
export interface StateCompiler {
  feed(feed: Feed, terminal: Terminal): PipelineProgram;
  /** A name for a loop, distinct in the process. */
  loopName(): string;
  /** Adds tables that are filled at the same time. */
  addTables(count: number): void;
}

export function stateEntry(update: StateUpdate, label: string, compiler: StateCompiler): StateUpdateEntry {
  switch (update.kind) {
    case "updateByKey":
    case "updatePartition": {
      compiler.addTables(update.initial === undefined ? 1 : 2);
      const common = {
        feed: compiler.feed(update.feed, { kind: "group" }),
        initial: update.initial && compiler.feed(update.initial, { kind: "last" }),
        update: update.fn,
        place: update.place,
        label,
      };
      return update.kind === "updateByKey"
        ? { kind: update.kind, ...common, onlyUpdated: update.onlyUpdated }
        : { kind: update.kind, ...common };
    }
    case "window": {
      compiler.addTables(1);
      const feed = (pairs: Feed, index: number) => compiler.feed(pairs, { kind: "cogroup", feed: index, feeds: 2 });
      return {
        kind: update.kind,
        feeds: [feed(update.entering, 0), feed(update.leaving, 1)],
        reduce: update.reduce,
        inverse: update.inverse,
        filter: update.filter,
        place: update.place,
        label,
      };
    }
    case "mapWithState":
      if (update.initial !== undefined) compiler.addTables(1);
      return {
        kind: update.kind,
        feed: compiler.feed(update.feed, { kind: "buffer" }),
        initial: update.initial && compiler.feed(update.initial, { kind: "last" }),
        map: update.fn,
        loop: stateLoop(compiler.loopName()),
        timeoutMs: update.timeoutMs,
        place: update.place,
        label,
      };
    case "snapshot":
      return update;
    default:
      return unreachable(update);
  }
}
