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
  "SHUFFLE_UNKNOWN", // a dropped shuffle that a live one needs again
]);

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const PLANS = 12;

/** The outcome of each seed, run when a test first needs it, so that tests do not depend on one another. */
function worlds(faults: Faults): (seed: number) => TaskWorld {
  const made = new Map<number, TaskWorld>();
  return (seed) => {
    const known = made.get(seed);
    if (known !== undefined) return known;
    const world = new TaskWorld(seed, faults);
    world.run(PLANS);
    made.set(seed, world);
    return world;
  };
}

const firedIn = (all: readonly TaskWorld[], fault: string): number =>
  all.reduce((sum, { fired }) => sum + (fired.get(fault) ?? 0), 0);

describe("a cluster under faults", () => {
  const worldOf = worlds(FAULTS);

  test.each(seeds(200))(
    "every plan gives each partition exactly once, or fails for a stated reason, seed %i",
    (seed) => {
      const world = worldOf(seed);
      expect(world.outcomes.size).toBe(PLANS);
      for (const [plan, { results, code }] of world.outcomes) {
        if (results === undefined) expect(STATED).toContain(code);
        else expect(results, `plan ${plan}`).toEqual(world.expected(plan));
      }
      const { stages, shuffles, abandoned, active, plans } = world.state;
      expect([stages.size, shuffles.size, abandoned.size, active.length, plans.size]).toEqual([0, 0, 0, 0, 0]);
    },
  );

  test("every fault fired, and most plans came through", () => {
    const all = seeds(200).map(worldOf);
    const faults = Object.keys(FAULTS).filter((fault) => fault !== "drawChance");
    for (const fault of [...faults, "fetch"]) expect(firedIn(all, fault), fault).toBeGreaterThan(20);
    const done = all.flatMap(({ outcomes }) => [...outcomes.values()]).filter(({ code }) => code === undefined);
    expect(done.length).toBeGreaterThan((200 * PLANS) / 2);
  });
});

describe("tasks that give something else each time they run", () => {
  /** The output of each task as its readers saw it, by its name: its mark where it drew a random number. */
  const versions = (results: readonly string[]): Map<string, Set<string>> => {
    const of = new Map<string, Set<string>>();
    for (const [, name = "", chance = ""] of results.join(" ").matchAll(/([^\s()~]+)(~\d+)?\(/g)) {
      of.set(name, (of.get(name) ?? new Set()).add(chance));
    }
    return of;
  };
  const worldOf = worlds({ ...FAULTS, drawChance: 0.3 });

  test.each(seeds(200))("are seen alike by all who read them, whatever is lost in between, seed %i", (seed) => {
    const world = worldOf(seed);
    for (const [plan, { results, code }] of world.outcomes) {
      if (results === undefined) {
        expect(STATED).toContain(code);
        continue;
      }
      expect(results.map((text) => text.replaceAll(/~\d+/g, ""))).toEqual(world.expected(plan));
      for (const [name, seen] of versions(results)) expect([...seen], `${name} in plan ${plan}`).toHaveLength(1);
    }
  });

  test("did so, and were lost", () => {
    const all = seeds(200).map(worldOf);
    expect(Math.min(firedIn(all, "drawChance"), firedIn(all, "fetch"))).toBeGreaterThan(200);
  });
});

test.each(seeds(20))("without faults every plan is done, seed %i", (seed) => {
  const world = new TaskWorld(seed, CALM);
  world.run(PLANS);
  for (const [plan, { results, code }] of world.outcomes) {
    expect(results ?? code).toEqual(code === "SHUFFLE_UNKNOWN" ? code : world.expected(plan));
  }
});
