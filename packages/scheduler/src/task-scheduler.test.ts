import { executorId } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { stateOwners } from "./state-owners.ts";
import { taskLoad } from "./task-scheduler.ts";
import { blockStage, Script, stageOf } from "./task-script.fixture.ts";

/** Two maps (stage 1, shuffle 7) feed two reducers (stage 2). */
const WORD_COUNT = ["1>7:2x2", "2<7x2"] as const;

describe("a plan of two stages", () => {
  test("runs its maps, then its reducers on what the maps wrote, then is done", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1");
    expect(s.submit(1, ...WORD_COUNT)).toEqual(["launch 1/0#0 on e1.0", "launch 1/1#0 on e2.0"]);
    expect(s.after("ok 1/0#0 e1 10,20")).toEqual([]);
    expect(s.after("ok 1/1#0 e2 30,5")).toEqual(["stageDone 1", "launch 2/1#0 on e1.0", "launch 2/0#0 on e2.0"]);
    expect(s.inputs()).toEqual([
      ["shuffle/7/0/0/1@e1", "shuffle/7/1/0/1@e2"],
      ["shuffle/7/0/0/0@e1", "shuffle/7/1/0/0@e2"],
    ]);
    expect(s.after("ok 2/0#0 e2", "ok 2/1#0 e1")).toEqual(["stageDone 2", "planDone 1 from e2 e1"]);
  });

  test("leaves empty blocks out of what reducers fetch", () => {
    const s = new Script();
    s.after("join e1 4", "submit 1 1>7:2x2 2<7x2", "ok 1/0#0 e1 0,20", "ok 1/1#0 e1 0,0");
    expect(s.inputs()).toEqual([["shuffle/7/0/0/1@e1"], []]); // the one with input first: it is at home
  });

  test("gives results in the order of the partitions, whatever order they came in", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x2", "ok 1/1#0 e2");
    s.after("ok 1/0#0 e1");
    expect(s.last.at(-1)).toMatchObject({
      type: "planDone",
      results: [{ executor: "e1", result: { block: Uint8Array.of(0) } }, { executor: "e2" }],
    });
  });

  test("without tasks in its last stage is done at once", () => {
    expect(new Script().submit(1, "1x0")).toEqual(["planDone 1 from"]);
  });

  test("without tasks in its first stage goes straight to the second", () => {
    const s = new Script();
    s.after("join e1 1");
    expect(s.submit(1, "1>7:1x0", "2<7x1")).toEqual(["launch 2/0#0 on e1.0"]);
  });

  test("may run some partitions only, as take does", () => {
    const s = new Script();
    s.after("join e1 2");
    const stage = stageOf("1x4");
    s.submit(1, { ...stage, tasks: stage.tasks.slice(2) });
    expect(s.after("ok 1/3#0 e1", "ok 1/2#0 e1")).toEqual(["stageDone 1", "planDone 1 from e1 e1"]);
  });

  test("that reads a shuffle which nobody writes fails by name, and harms nothing", () => {
    const s = new Script();
    s.after("join e1 1");
    expect(s.submit(1, "2<9x1")).toEqual(["planFailed 1 SHUFFLE_UNKNOWN"]);
    expect(s.submit(2, "3x1")).toEqual(["launch 3/0#0 on e1.0"]);
  });
});

describe("slots", () => {
  test("are never oversold: the rest waits", () => {
    const s = new Script();
    s.after("join e1 2");
    expect(s.submit(1, "1x5")).toHaveLength(2);
    expect(s.after("ok 1/1#0 e1")).toEqual(["launch 1/2#0 on e1.1"]);
  });

  test("fill up evenly over executors", () => {
    const s = new Script();
    s.after("join e1 3", "join e2 3");
    expect(s.submit(1, "1x4").map((line) => line.slice(-4))).toEqual(["e1.0", "e2.0", "e1.1", "e2.1"]);
  });

  test("go to the plan that came first", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x2", "submit 2 2x1");
    expect(s.after("ok 1/0#0 e1")).toEqual(["launch 1/1#0 on e1.0"]);
    expect(s.after("ok 1/1#0 e1")).toEqual(["stageDone 1", "planDone 1 from e1 e1", "launch 2/0#0 on e1.0"]);
  });

  test("of an executor that is not ready are not used", () => {
    const s = new Script();
    expect(s.after("hello e1 2", "submit 1 1x1")).toEqual(["warning NO_EXECUTORS"]);
    expect(s.after("ready e1")).toEqual(["launch 1/0#0 on e1.0"]);
  });
});

describe("without executors", () => {
  test("a plan waits, and this is said once until one has come", () => {
    const s = new Script();
    expect(s.submit(1, "1x1")).toEqual(["warning NO_EXECUTORS"]);
    expect(s.submit(2, "2x1")).toEqual([]);
    expect(s.after("join e1 2")).toEqual(["launch 1/0#0 on e1.0", "launch 2/0#0 on e1.1"]);
    expect(s.after("lost e1")).toEqual(["warning NO_EXECUTORS"]);
  });

  test("nothing is said when there is nothing to do", () => {
    expect(new Script().after("join e1 1", "lost e1")).toEqual([]);
  });
});

describe("a task that fails", () => {
  test("is tried again on another executor when there is one", () => {
    const s = new Script();
    s.after("join e1 2", "join e2 1", "submit 1 1x1");
    expect(s.after("fail 1/0#0 e1 boom")).toEqual(["warning TASK_RETRIED", "launch 1/0#1 on e2.0"]);
  });

  test("waits for the other executor rather than run where it failed", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x2");
    expect(s.after("fail 1/0#0 e1 boom")).toEqual(["warning TASK_RETRIED"]);
    expect(s.after("ok 1/1#0 e2")).toEqual(["launch 1/0#1 on e2.0"]);
  });

  test("is tried again where it was when there is no other", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x1");
    expect(s.after("fail 1/0#0 e1 boom")).toEqual(["warning TASK_RETRIED", "launch 1/0#1 on e1.0"]);
  });

  test("does so task.attempts.max times; then its plan fails with the user's error and the others are cancelled", () => {
    const s = new Script({ attemptsMax: 2 });
    s.after("join e1 2", "submit 1 1x2", "fail 1/0#0 e1 boom");
    expect(s.after("fail 1/0#1 e1 no property x")).toEqual(["planFailed 1 TASK_FAILED", "cancel 1/1#0 on e1"]);
  });

  test("names the stage, the task, the executor and the user's error", () => {
    const s = new Script({ attemptsMax: 1 });
    s.after("join e1 2", "submit 1 1x2", "fail 1/1#0 e1 x is undefined");
    expect(s.failure()).toContain('task 1 of stage "stage 1"');
    expect(s.failure()).toContain("last on e1: TypeError: x is undefined");
  });

  test("fails its plan at once when its error says that another try is no use", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1");
    expect(s.after("never 1/0#0 e1")).toEqual(["stageDone 1", "planFailed 1 RECORD_NOT_ENCODABLE"].reverse());
  });

  test("starts with a clean count in the rerun of a stage that was done", () => {
    const s = new Script({ attemptsMax: 2 });
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x1 2<7x1", "fail 1/0#0 e1 boom", "ok 1/0#1 e2");
    s.after("lost e2");
    expect(s.after("fail 1/0#2 e1 boom")).toContain("warning TASK_RETRIED");
  });
});

describe("a task whose executor is lost", () => {
  test("is launched elsewhere under the next attempt number", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1");
    expect(s.after("lost e1")).toEqual(["launch 1/0#1 on e2.0"]);
  });

  test("is not finished by a late report of the abandoned attempt", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1", "lost e1");
    expect(s.after("ok 1/0#0 e1")).toEqual([]);
    expect(s.after("ok 1/0#1 e2")).toEqual(["stageDone 1", "planDone 1 from e2"]);
  });

  test("does not count the loss as a failure", () => {
    const s = new Script({ attemptsMax: 1 });
    s.after("join e1 1", "submit 1 1x1", "lost e1", "join e1 1", "lost e1");
    expect(s.after("join e1 1")).toEqual(["launch 1/0#2 on e1.0"]);
  });

  test("fails its plan when it loses four in a row: it may be what ends them", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x1", "lost e1", "join e1 1", "lost e1", "join e1 1", "lost e1", "join e1 1");
    expect(s.after("lost e1")).toEqual(["planFailed 1 TASK_LOST_EXECUTORS", "stageDone 1"]);
  });
});

describe("map output that is lost with its executor", () => {
  test("is computed again when reducers need it, and only the lost maps are", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:2x2 2<7x2", "ok 1/0#0 e1", "ok 1/1#0 e2");
    expect(s.after("lost e1")).toEqual(["warning STAGE_RERUN"]); // e2 is busy with a reducer, which may go on
    expect(s.after("ok 2/1#0 e2")).toEqual(["launch 1/0#1 on e2.0"]);
    expect(s.after("ok 1/0#1 e2")).toEqual(["stageDone 1", "launch 2/0#1 on e2.0"]);
    expect(s.inputs()).toEqual([["shuffle/7/0/1/0@e2", "shuffle/7/1/0/0@e2"]]);
  });

  test("is not computed again when nobody needs it any more", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1");
    s.after("ok 2/0#0 e1");
    expect(s.after("lost e1")).toEqual([]);
  });

  test("is not computed again for reducers that run already", () => {
    const s = new Script();
    s.after("join e1 2", "join e2 2", "submit 1 1>7:2x1 2<7x2");
    s.after("lost e2"); // nothing was there
    s.after("ok 1/0#0 e1", "join e3 1");
    expect(s.after("lost e1")).toEqual(["warning STAGE_RERUN", "launch 1/0#1 on e3.0"]); // both reducers were lost too
  });

  test("is computed again through several stages", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7>8:1x1 3<8x1", "ok 1/0#0 e1", "ok 2/0#0 e1", "join e2 1");
    expect(s.after("lost e1")).toEqual(["warning STAGE_RERUN", "launch 1/0#1 on e2.0"]);
    expect(s.after("ok 1/0#1 e2")).toEqual(["stageDone 1", "launch 2/0#1 on e2.0"]);
    expect(s.after("ok 2/0#1 e2")).toEqual(["stageDone 2", "launch 3/0#1 on e2.0"]);
  });

  test("fails the plan when it happens a fifth time in a row", () => {
    const s = new Script();
    s.after("join e0 1", "submit 1 1>7:2x1 2<7x1 ", "ok 1/0#0 e0");
    let attempt = 0;
    for (let round = 0; round < 4; round++) {
      const lines = s.after(`nofetch 2/0#${round} e0 shuffle/7/0/${attempt}/0 e0`);
      attempt++;
      expect(lines).toContain(`launch 1/0#${attempt} on e0.0`);
      s.after(`ok 1/0#${attempt} e0`);
    }
    expect(s.after(`nofetch 2/0#4 e0 shuffle/7/0/${attempt}/0 e0`)).toContain("planFailed 1 STAGE_RERUNS_EXHAUSTED");
    expect(s.failure()).toContain("executor e0 did not serve block shuffle/7/0/4/0");
  });
});

describe("a fetch that fails", () => {
  const running = (): Script => {
    const s = new Script({ attemptsMax: 1 });
    s.after("join e1 1", "join e2 1", "submit 1 1>7:2x2 2<7x2", "ok 1/0#0 e1", "ok 1/1#0 e2");
    return s; // 2/0 on e1 and 2/1 on e2
  };

  test("makes the holder's maps run again, and is nobody's failure", () => {
    const s = running();
    expect(s.after("nofetch 2/1#0 e2 shuffle/7/0/0/1 e1")).toEqual(["warning STAGE_RERUN", "launch 1/0#1 on e2.0"]);
    expect(s.after("ok 1/0#1 e2")).toEqual(["stageDone 1", "launch 2/1#1 on e2.0"]);
  });

  test("is told from two reducers but answered once", () => {
    const s = running();
    s.after("nofetch 2/1#0 e2 shuffle/7/0/0/1 e1");
    expect(s.after("nofetch 2/0#0 e1 shuffle/7/0/0/0 e1")).toEqual([]);
  });

  test("of a block that was replaced meanwhile only makes the task try again", () => {
    const s = running();
    s.after("nofetch 2/1#0 e2 shuffle/7/0/0/1 e1", "ok 1/0#1 e2"); // 2/0#0 still runs on e1 with the old inputs
    expect(s.after("nofetch 2/0#0 e1 shuffle/7/0/0/0 e1")).toEqual(["launch 2/0#1 on e1.0"]);
    expect(s.inputs()).toEqual([["shuffle/7/0/1/0@e2", "shuffle/7/1/0/0@e2"]]);
  });

  test("of a block that cannot be computed again counts as a failure of the task", () => {
    const s = running();
    expect(s.after("nofetch 2/1#0 e2 broadcast/3 driver")).toContain("planFailed 1 TASK_FAILED");
  });
});

describe("shuffles shared by plans", () => {
  test("make every reader wait when a fetch shows that they are lost", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:2x1 2<7x1", "submit 2 3<7x3", "ok 1/0#0 e1"); // 2/0 and 3/0 run
    const lines = s.after("nofetch 3/0#0 e2 shuffle/7/0/0/0 e1");
    expect(lines).toEqual(["warning STAGE_RERUN", "launch 1/0#1 on e2.0"]);
    expect(s.after("ok 2/0#0 e1")).toEqual(["stageDone 2", "planDone 1 from e1"]); // and nothing of plan 2 begins
  });

  test("are computed once: a later plan starts with its own stages", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1", "ok 2/0#0 e1");
    expect(s.submit(2, "3<7x1")).toEqual(["launch 3/0#0 on e1.0"]);
  });

  test("may be named again by the later plan: its stage is not run", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1", "ok 2/0#0 e1");
    expect(s.submit(2, "3>7:1x1", "4<7x1")).toEqual(["launch 4/0#0 on e1.0"]);
  });

  test("are computed once for plans that run at the same time", () => {
    const s = new Script();
    s.after("join e1 2", "submit 1 1>7:1x1 2<7x1");
    expect(s.submit(2, "3>7:1x1", "4<7x1")).toEqual([]);
    expect(s.after("ok 1/0#0 e1")).toEqual(["stageDone 1", "launch 2/0#0 on e1.0", "launch 4/0#0 on e1.1"]);
  });

  test("are computed again for the later plan when they were lost between", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1", "ok 2/0#0 e1", "lost e1", "join e2 1");
    expect(s.submit(2, "3<7x1")).toEqual(["launch 1/0#1 on e2.0"]);
    expect(s.after("ok 1/0#1 e2")).toEqual(["stageDone 1", "launch 3/0#0 on e2.0"]);
  });

  test("survive the failure of the plan that brought them", () => {
    const s = new Script({ attemptsMax: 1 });
    s.after("join e1 1", "submit 1 1>7:1x2 2<7x1", "ok 1/0#0 e1", "fail 1/1#0 e1 boom");
    expect(s.submit(2, "3<7x1")).toEqual(["launch 1/1#1 on e1.0"]);
  });

  test("are dropped on every executor when told, and then unknown", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1", "ok 2/0#0 e1");
    expect(s.after("drop 7")).toEqual(["dropShuffles 7 on e1", "dropShuffles 7 on e2"]);
    expect(s.submit(2, "3<7x1")).toEqual(["planFailed 2 SHUFFLE_UNKNOWN"]);
  });

  test("are dropped only when no running plan can need them again", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1");
    expect(s.after("drop 7")).toEqual([]);
    expect(s.after("ok 2/0#0 e1")).toEqual(["stageDone 2", "planDone 1 from e1", "dropShuffles 7 on e1"]);
  });

  test("are dropped only when no abandoned attempt can write into them any more", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "cancel 1");
    expect(s.after("drop 7")).toEqual([]);
    expect(s.after("cancelled 1/0#0 e1")).toEqual(["stageDone 1", "dropShuffles 7 on e1"]);
  });
});

describe("a cancelled plan", () => {
  test("stops what runs, and keeps the slots taken until it has stopped", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x2");
    expect(s.after("cancel 1")).toEqual(["planFailed 1 PLAN_CANCELLED", "cancel 1/0#0 on e1"]);
    expect(s.submit(2, "2x1")).toEqual([]);
    expect(s.after("cancelled 1/0#0 e1")).toEqual(["stageDone 1", "launch 2/0#0 on e1.0"]);
  });

  test("frees a slot by whatever the attempt reports", () => {
    const s = new Script();
    s.after("join e1 2", "submit 1 1x2", "cancel 1", "ok 1/0#0 e1");
    expect(s.after("fail 1/1#0 e1 interrupted")).toEqual(["stageDone 1"]);
    expect(taskLoad(s.state)).toEqual({ plans: 0, slotsTaken: 0 });
  });

  test("leaves alone what another plan needs too", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "submit 2 3<7x1");
    expect(s.after("cancel 1")).toEqual(["planFailed 1 PLAN_CANCELLED"]);
    expect(s.after("ok 1/0#0 e1")).toEqual(["stageDone 1", "launch 3/0#0 on e1.0"]);
  });

  test("that is over already changes nothing", () => {
    expect(new Script().after("cancel 9")).toEqual([]);
  });
});

describe("state", () => {
  test("is spread over executors, then over slots", () => {
    const s = new Script();
    s.after("join e1 2", "join e2 2");
    expect(s.submit(1, "1x4~totals")).toEqual([
      "launch 1/0#0 on e1.0",
      "launch 1/2#0 on e1.1",
      "launch 1/1#0 on e2.0",
      "launch 1/3#0 on e2.1",
    ]);
  });

  test("stays where it is from batch to batch, also when executors join", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x2~totals", "ok 1/0#0 e1", "ok 1/1#0 e1", "join e2 1");
    expect(s.submit(2, "2x2~totals")).toEqual(["launch 2/0#0 on e1.0"]);
  });

  test("waits for its slot while others are free", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~totals", "ok 1/0#0 e1", "submit 2 2x1"); // 2/0 takes e1.0
    expect(s.submit(3, "3x1~totals")).toEqual([]);
    expect(s.after("ok 2/0#0 e1")).toContain("launch 3/0#0 on e1.0");
  });

  test("is updated again by its owner when the task fails", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~totals");
    expect(s.after("fail 1/0#0 e1 boom")).toContain("launch 1/0#1 on e1.0");
  });

  test("moves when its executor is lost, and only then", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x2~totals");
    expect(s.after("lost e1")).toEqual([]); // its new owner is busy
    expect(s.after("ok 1/1#0 e2")).toEqual(["launch 1/0#1 on e2.0"]);
    expect(stateOwners(s.state, "totals")).toEqual([
      { executor: executorId("e2"), slot: 0 },
      { executor: executorId("e2"), slot: 0 },
    ]);
  });

  test("of several operators is balanced over all slots", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~a", "ok 1/0#0 e1");
    expect(s.submit(2, "2x1~b")).toEqual(["launch 2/0#0 on e2.0"]);
  });

  test("waits for an executor when there is none", () => {
    const s = new Script();
    s.after("submit 1 1x1~totals");
    expect(s.after("join e1 1")).toEqual(["launch 1/0#0 on e1.0"]);
  });
});

describe("locality", () => {
  test("a task goes where its blocks are", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "join e3 1");
    expect(s.submit(1, blockStage(1, [["e3"], ["e2"], ["e1"]]))).toEqual([
      "launch 1/2#0 on e1.0",
      "launch 1/1#0 on e2.0",
      "launch 1/0#0 on e3.0",
    ]);
  });

  test("does not wait: a free slot elsewhere is better than a taken one here", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1");
    expect(s.submit(1, blockStage(1, [["e1"], ["e1"]]))).toEqual(["launch 1/0#0 on e1.0", "launch 1/1#0 on e2.0"]);
  });

  test("a freed slot takes a task that is at home there before one that came first", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1");
    s.submit(1, blockStage(1, [["e1"], ["e2"], ["e1"], ["e2"]]));
    expect(s.after("ok 1/1#0 e2")).toEqual(["launch 1/3#0 on e2.0"]);
  });

  test("a reducer goes where most of its input is", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 2", "submit 1 1>7:1x2 2<7x1", "ok 1/0#0 e2 10");
    expect(s.after("ok 1/1#0 e1 900")).toContain("launch 2/0#0 on e1.0");
  });

  test("a lost copy is left out of the inputs", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "lost e1");
    s.submit(1, blockStage(1, [["e1", "e2"]]));
    expect(s.inputs()).toEqual([["recv/0/0@e2"]]);
  });

  test("an executor that came back under its name is not taken for the holder it was", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 9x2");
    s.submit(2, blockStage(1, [["e1", "e2"]]));
    s.after("lost e1", "join e1 1", "ok 9/1#0 e2");
    expect(s.inputs()).toEqual([["recv/0/0@e2"]]);
  });

  test("a block whose every holder is lost fails the plan, by name", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 2", "lost e1");
    expect(s.submit(1, blockStage(1, [["e2"], ["e1"]]))).toContain("planFailed 1 INPUT_BLOCK_LOST");
    expect(s.failure()).toContain("block recv/0/1");
    expect(s.failure()).toContain("MEMORY_AND_DISK_2");
  });
});

describe("accumulator updates", () => {
  const counted = (s: Script, task: string, executor: string, update: number): void => {
    const [event] = [{ run: 1, task, executor, update }];
    const match = /^(\d+)\/(\d+)#(\d+)$/.exec(event?.task ?? "");
    const stage = [...s.state.stages.values()].find(({ planned }) => planned.run === Number(match?.[1]));
    if (stage === undefined) throw new Error(`no stage of ${task}`);
    s.step({
      type: "taskSucceeded",
      executor: executorId(executor),
      task: { run: stage.planned.run, partition: Number(match?.[2]), attempt: Number(match?.[3]) },
      output: stage.outputs
        ? { kind: "mapOutput", bytes: [10] }
        : { kind: "result", result: { kind: "inline", block: new Uint8Array(0) } },
      accumulators: Uint8Array.of(update),
    });
  };

  test("of a failed attempt, and of a rerun, do not count", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "fail 1/0#0 e1 boom");
    counted(s, "1/0#1", "e1", 11);
    s.after("lost e1", "join e2 1");
    counted(s, "1/0#2", "e2", 12);
    counted(s, "2/0#1", "e2", 13);
    expect(s.last.at(-1)).toMatchObject({ accumulators: [Uint8Array.of(11), Uint8Array.of(13)] });
  });
});

describe("late and foolish reports", () => {
  test("of unknown stages, partitions, attempts and executors are ignored", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1");
    for (const command of ["ok 9/0#0 e1", "ok 1/7#0 e1", "ok 1/0#4 e1", "ok 1/0#0 e2", "fail 1/0#0 e9 x", "ready e7"]) {
      expect(s.after(command), command).toEqual([]);
    }
    expect(s.after("ok 1/0#0 e1")).toEqual(["stageDone 1", "planDone 1 from e1"]);
  });

  test("a second report of an attempt is ignored", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x2", "ok 1/0#0 e1");
    expect(s.after("fail 1/0#0 e1 late")).toEqual([]);
  });

  test("an executor that joins again without having left begins anew", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x1");
    expect(s.after("hello e1 1")).toEqual(["warning NO_EXECUTORS"]);
    expect(s.after("ready e1")).toEqual(["launch 1/0#1 on e1.0"]);
  });
});
