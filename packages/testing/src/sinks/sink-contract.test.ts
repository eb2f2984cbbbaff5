import type { Sink, SinkTask } from "@millrace/api";
import { describe, expect, test } from "vitest";
import { sinkContract } from "./sink-contract.ts";

/** What a sink may get wrong. */
type Flaw =
  | "early"
  | "twice"
  | "leaves other attempts"
  | "counts all attempts"
  | "keeps aborted"
  | "forgets to recover"
  | "recovers too much";

interface Staged {
  readonly task: Pick<SinkTask, "time" | "epoch">;
  readonly records: readonly number[];
}

/** A sink in memory, right but for its flaws. */
function place(flaws: readonly Flaw[]) {
  const has = (flaw: Flaw): boolean => flaws.includes(flaw);
  const staged = new Map<string, Staged>();
  const visible: { readonly id: string; readonly records: readonly number[] }[] = [];
  const discard = (isOrphan: (one: Staged, name: string) => boolean): void => {
    for (const [name, one] of staged) if (isOrphan(one, name)) staged.delete(name);
  };
  const sink = (): Sink<number, string> => ({
    label: "memory",
    options: undefined,
    open: (task) => {
      const records: number[] = [];
      return {
        write: (some) => {
          records.push(...some);
          if (has("early")) visible.push({ id: task.id, records: some });
        },
        prepare: () => {
          const name = `${task.id}/${task.partition}/${task.attempt}/${task.epoch}`;
          staged.set(name, { task, records });
          return name;
        },
      };
    },
    recover: ({ epoch, pending }) => {
      if (has("forgets to recover")) return;
      const kept = has("recovers too much") ? [] : (pending?.prepared ?? []);
      discard(({ task }, name) => task.epoch < epoch && !kept.includes(name));
    },
    commit: ({ id, time }, prepared) => {
      if (!has("twice") && visible.some((one) => one.id === id)) return;
      const counts = has("counts all attempts") ? [...staged.keys()].filter((name) => name.startsWith(id)) : prepared;
      visible.push({ id, records: counts.flatMap((name) => staged.get(name)?.records ?? []) });
      if (has("twice")) return;
      discard(({ task }, name) => task.time <= time && (!has("leaves other attempts") || prepared.includes(name)));
    },
    abort: ({ time }) => {
      if (!has("keeps aborted")) discard(({ task }) => task.time <= time);
    },
  });
  return {
    sink,
    record: (n: number) => n,
    visible: async () => visible.flatMap(({ records }) => records),
    hidden: async () => [...staged.keys()],
  };
}

const broken = async (...flaws: readonly Flaw[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const { title, run } of sinkContract(async () => place(flaws))) await run().catch(() => found.push(title));
  return found;
};

describe("the contract of sinks", () => {
  test("is kept by a right one", async () => {
    expect(await broken()).toEqual([]);
  });

  test.each<[Flaw, RegExp]>([
    ["early", /not visible before its batch is committed/],
    ["twice", /whose answer was lost is repeated/],
    ["leaves other attempts", /of two attempts at a partition/],
    ["counts all attempts", /between the choice of those that count and the commit/],
    ["keeps aborted", /aborted leaves nothing/],
    ["forgets to recover", /earlier start left/],
    ["recovers too much", /killed between prepare and commit/],
  ])("is not by one that has this flaw: %s", async (flaw, title) => {
    expect(await broken(flaw)).toContainEqual(expect.stringMatching(title));
  });
});
