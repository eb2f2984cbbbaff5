import { describe, expect, test } from "vitest";
import { type Faults, TaskWorld } from "./task-world.fixture.ts";

const FAULTS: Faults = {
  killExecutor: 0.03,
  failTask: 0.04,
  poisonTask: 0.002,
  loseBlock: 0.02,
  lateMessage: 0.3,
  cancelPlan: 0.003,
};
const CALM: Faults = { killExecutor: 0, failTask: 0, poisonTask: 0, loseBlock: 0, lateMessage: 0, cancelPlan: 0 };

/** The reasons for which a plan may fail under these faults. */
const STATED = new Set([
  "TASK_FAILED",
  "SIMULATED",
  "PLAN_CANCELLED",
  "TASK_LOST_EXECUTORS",
  "STAGE_RERUNS_EXHAUSTED",
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
    for (const fault of [...Object.keys(FAULTS), "fetch"]) expect(fired.get(fault) ?? 0, fault).toBeGreaterThan(20);
    expect(ended.get("done") ?? 0).toBeGreaterThan((200 * PLANS) / 2);
  });
});

test.each(seeds(20))("without faults every plan is done, seed %i", (seed) => {
  const world = new TaskWorld(seed, CALM);
  world.run(PLANS);
  for (const [plan, { results, code }] of world.outcomes) {
    expect(results ?? code).toEqual(code === "SHUFFLE_UNKNOWN" ? code : world.expected(plan));
  }
});
