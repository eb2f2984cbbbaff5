import { describe, expect, test } from "vitest";
import { type Faults, TaskWorld } from "./task-world.fixture.ts";

const FAULTS: Faults = {
  killExecutor: 0.03,
  failTask: 0.04,
  poisonTask: 0.002,
  loseBlock: 0.02,
  lateMessage: 0.3,
  cancelPlan: 0.003,
  drawChance: 0,
};
const CALM: Faults = {
  killExecutor: 0,
  failTask: 0,
  poisonTask: 0,
  loseBlock: 0,
  lateMessage: 0,
  cancelPlan: 0,
  drawChance: 0,
};

/** The reasons for which a plan may fail under these faults. */
const STATED = new Set([
  "TASK_FAILED",
  "SIMULATED",
  "PLAN_CANCELLED",
  "TASK_LOST_EXECUTORS",
  "STAGE_RERUNS_EXHAUSTED",
  "STAGE_NOT_REPEATABLE",
  "SHUFFLE_UNKNOWN", // a shuffle was dropped that a live one needs again
]);

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const PLANS = 12;

describe("a cluster under faults", () => {
  const fired = new Map<string, number>();
  const ended = new Map<string, number>();

  test.each(seeds(200))(
    "every plan gives each partition exactly once, or fails for a stated reason, seed %i",
    (seed) => {
      const world = new TaskWorld(seed, FAULTS);
      world.run(PLANS);
      expect(world.outcomes.size).toBe(PLANS);
      for (const [plan, { results, code }] of world.outcomes) {
        if (results === undefined) expect(STATED).toContain(code);
        else expect(results, `plan ${plan}`).toEqual(world.expected(plan));
        ended.set(code ?? "done", (ended.get(code ?? "done") ?? 0) + 1);
      }
      for (const [fault, times] of world.fired) fired.set(fault, (fired.get(fault) ?? 0) + times);
      const { stages, shuffles, abandoned, active, plans } = world.state;
      expect([stages.size, shuffles.size, abandoned.size, active.length, plans.size]).toEqual([0, 0, 0, 0, 0]);
    },
  );

  test("every fault fired, and most plans came through", () => {
    const faults = Object.keys(FAULTS).filter((fault) => fault !== "drawChance");
    for (const fault of [...faults, "fetch"]) expect(fired.get(fault) ?? 0, fault).toBeGreaterThan(20);
    expect(ended.get("done") ?? 0).toBeGreaterThan((200 * PLANS) / 2);
  });
});

describe("tasks that give something else each time they run", () => {
  /** What each task gave to those that read it, by its name: its mark where it drew chance. */
  const versions = (results: readonly string[]): Map<string, Set<string>> => {
    const of = new Map<string, Set<string>>();
    for (const [, name = "", chance = ""] of results.join(" ").matchAll(/([^\s()~]+)(~\d+)?\(/g)) {
      of.set(name, (of.get(name) ?? new Set()).add(chance));
    }
    return of;
  };
  let drawn = 0;
  let lost = 0;

  test.each(seeds(200))("are seen alike by all who read them, whatever is lost in between, seed %i", (seed) => {
    const world = new TaskWorld(seed, { ...FAULTS, drawChance: 0.3 });
    world.run(PLANS);
    for (const [plan, { results, code }] of world.outcomes) {
      if (results === undefined) {
        expect(STATED).toContain(code);
        continue;
      }
      expect(results.map((text) => text.replaceAll(/~\d+/g, ""))).toEqual(world.expected(plan));
      for (const [name, seen] of versions(results)) expect([...seen], `${name} in plan ${plan}`).toHaveLength(1);
    }
    drawn += world.fired.get("drawChance") ?? 0;
    lost += world.fired.get("fetch") ?? 0;
  });

  test("did so, and were lost", () => {
    expect(Math.min(drawn, lost)).toBeGreaterThan(200);
  });
});

test.each(seeds(20))("without faults every plan is done, seed %i", (seed) => {
  const world = new TaskWorld(seed, CALM);
  world.run(PLANS);
  for (const [plan, { results, code }] of world.outcomes) {
    expect(results ?? code).toEqual(code === "SHUFFLE_UNKNOWN" ? code : world.expected(plan));
  }
});
