import { SeededRng } from "@millrace/base";
import { type PlannedStage, type StageRunId, type StageTemplate, stageRunId, type TemplateId } from "@millrace/plan";
import { expect, test } from "vitest";
import { HeldTemplates } from "./held-templates.ts";

const template = (id: string): StageTemplate => ({
  id: id as TemplateId, // a name is enough here
  pipeline: { source: { kind: "blocks", input: 0 }, ops: [] },
  sink: { kind: "count" },
  functions: [],
});
const stage = (run: number, ...ids: readonly string[]): Pick<PlannedStage, "run" | "templates"> => ({
  run: stageRunId(run),
  templates: ids.map(template),
});
const ids = (templates: readonly StageTemplate[]): readonly string[] => templates.map(({ id }) => id);

test("sends a template once, also within one stage, and drops the one that went out of use first", () => {
  const held = new HeldTemplates(2);
  expect(ids(held.startStage(stage(0, "a", "b", "a")).send)).toEqual(["a", "b"]);
  expect(ids(held.startStage(stage(1, "a")).send)).toEqual([]);
  expect(held.endStage(stageRunId(0))).toEqual([]);
  expect(held.endStage(stageRunId(1))).toEqual([]);
  const third = held.startStage(stage(2, "c"));
  expect([ids(third.send), third.drop]).toEqual([["c"], ["b"]]); // `a` was used by stage 1
  const again = held.startStage(stage(3, "b"));
  expect([ids(again.send), again.drop]).toEqual([["b"], ["a"]]);
});

test("keeps what stages use whose end was not told, however much it is, and drops the rest of it at their end", () => {
  const held = new HeldTemplates(2);
  expect(held.startStage(stage(0, "a", "b", "c")).drop).toEqual([]);
  expect(held.startStage(stage(1, "d")).drop).toEqual([]);
  expect(held.size).toBe(4);
  expect(held.endStage(stageRunId(0))).toEqual(["a", "b"]);
  expect(held.endStage(stageRunId(1))).toEqual([]);
  expect(held.endStage(stageRunId(1))).toEqual([]); // reported before
  expect(held.size).toBe(2);
});

test.each([1, 2, 3, 4, 5])("an executor always has what its stages use and never many more, seed %i", (seed) => {
  const rng = new SeededRng(seed);
  const max = 6;
  const held = new HeldTemplates(max);
  const executor = new Set<string>();
  const running = new Map<StageRunId, readonly string[]>();
  let dropped = 0;
  const drop = (gone: readonly TemplateId[]): void => {
    for (const id of gone) expect(executor.delete(id)).toBe(true);
    dropped += gone.length;
  };
  for (let step = 0; step < 2_000; step++) {
    const over = [...running.keys()][rng.int(8)];
    if (over !== undefined) {
      running.delete(over);
      drop(held.endStage(over));
    } else {
      const next = stage(step, ...Array.from({ length: 1 + rng.int(3) }, () => `t${rng.int(20)}`));
      const said = held.startStage(next);
      drop(said.drop);
      for (const { id } of said.send) {
        expect(executor.has(id)).toBe(false);
        executor.add(id);
      }
      running.set(next.run, ids(next.templates));
    }
    const used = new Set([...running.values()].flat());
    for (const id of used) expect(executor.has(id)).toBe(true);
    expect(executor.size).toBeLessThanOrEqual(Math.max(max, used.size));
    expect(held.size).toBe(executor.size);
  }
  expect(dropped).toBeGreaterThan(100);
});
