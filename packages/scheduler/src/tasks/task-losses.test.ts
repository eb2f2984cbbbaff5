import { executorId } from "@millrace/base";
import { blockId, stageRunId } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { TaskEvent } from "./task-events.ts";
import { NO_TALLY, Script } from "./task-script.fixture.ts";

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
    expect(s.after("join e1 1")).toEqual(["over tasks", "launch 1/0#2 on e1.0"]);
  });

  test("fails its plan when it loses four in a row: it may be what ends them", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x1", "lost e1", "join e1 1", "lost e1", "join e1 1", "lost e1", "join e1 1");
    expect(s.after("lost e1")).toEqual(["planFailed 1 TASK_LOST_EXECUTORS", "stageDone 1"]);
  });
});

describe("map output of which there are two copies", () => {
  const replicated = (): Script => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "join e3 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1 10 e2");
    return s;
  };

  test("is read from either", () => {
    expect(replicated().inputs()).toEqual([["shuffle/7/0/0/0@e1+e2"]]);
  });

  test("is not computed again when one of them is lost", () => {
    const s = replicated();
    expect(s.after("lost e1")).toEqual(["launch 2/0#1 on e2.0"]);
    expect(s.inputs()).toEqual([["shuffle/7/0/0/0@e2"]]);
  });

  test("is computed again when both are", () => {
    const s = replicated();
    s.after("lost e2");
    expect(s.after("lost e1")).toEqual(["warning STAGE_RERUN", "launch 1/0#1 on e3.0"]);
  });

  test("is computed again when neither gives it", () => {
    const s = replicated();
    const effects = s.after("nofetch 2/0#0 e1 shuffle/7/0/0/0 e2");
    expect(effects).toContain("warning STAGE_RERUN");
  });

  test("stands alone when the second was lost before it was told of", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x1 2<7x1", "lost e2", "ok 1/0#0 e1 10 e2");
    expect(s.inputs()).toEqual([["shuffle/7/0/0/0@e1"]]);
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

describe("a result that is lost with its executor", () => {
  const succeeded = (kind: "inline" | "block"): TaskEvent => ({
    type: "taskReported",
    executor: executorId("e1"),
    task: { run: stageRunId(1), partition: 0, attempt: 0 },
    outcome: {
      kind: "result",
      result:
        kind === "inline" ? { kind, block: new Uint8Array(3) } : { kind, id: blockId("result/1/0"), bytes: 100_000 },
      ...NO_TALLY,
    },
  });

  test("is computed again when it was too large to come with the report", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x2");
    s.step(succeeded("block"));
    expect(s.after("lost e1")).toEqual([]); // e2 is busy
    expect(s.after("ok 1/1#0 e2")).toEqual(["launch 1/0#1 on e2.0"]);
    expect(s.after("ok 1/0#1 e2")).toEqual(["stageDone 1", "planDone 1 from e2 e2"]);
  });

  test("is there all the same when it came with the report", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x2");
    s.step(succeeded("inline"));
    s.after("lost e1");
    expect(s.after("ok 1/1#0 e2")).toEqual(["stageDone 1", "planDone 1 from e1 e2"]);
  });

  test("makes a plan that was done possible again: the same plan may be submitted under another id", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1", "ok 2/0#0 e1", "lost e1");
    expect(s.submit(2, "1>7:1x1", "2<7x1")).toEqual(["launch 1/0#1 on e2.0"]);
    expect(s.after("ok 1/0#1 e2", "ok 2/0#0 e2")).toEqual(["stageDone 2", "planDone 2 from e2"]);
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

  test("is told apart from the block that replaced it on the same holder", () => {
    const s = running();
    s.after("nofetch 2/1#0 e2 shuffle/7/1/0/1 e2", "ok 1/1#1 e2"); // 2/0#0 still runs on e1 with the old inputs
    expect(s.after("nofetch 2/0#0 e1 shuffle/7/1/0/0 e2")).toEqual(["launch 2/0#1 on e1.0"]);
  });

  test("of a block that cannot be computed again counts as a failure of the task", () => {
    const s = running();
    expect(s.after("nofetch 2/1#0 e2 broadcast/3 driver")).toContain("planFailed 1 TASK_FAILED");
  });
});

describe("shuffles shared by plans", () => {
  test("make every reader wait when a fetch shows that they are lost", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:2x1 2<7x1", "submit 2 3<7x1", "submit 3 4<7x2", "ok 1/0#0 e1");
    const lines = s.after("nofetch 3/0#0 e2 shuffle/7/0/0/0 e1"); // 2/0 runs on e1, stage 4 is queued
    expect(lines.filter((line) => line === "warning STAGE_RERUN")).toHaveLength(2);
    expect(lines).toContain("launch 1/0#1 on e2.0");
    expect(s.after("ok 2/0#0 e1")).toEqual(["stageDone 2", "planDone 1 from e1"]); // and nothing of plans 2 and 3 begins
  });

  test("fail only the plans that still need them", () => {
    const s = new Script({ attemptsMax: 1 });
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x1 2<7x1", "submit 2 3<7x1", "ok 1/0#0 e1"); // 2/0 and 3/0 run
    s.after("nofetch 3/0#0 e2 shuffle/7/0/0/0 e1");
    expect(s.after("fail 1/0#1 e2 boom")).toEqual(["planFailed 2 TASK_FAILED", "stageDone 1", "stageDone 3"]);
    expect(s.after("ok 2/0#0 e1")).toEqual(["stageDone 2", "planDone 1 from e1"]);
  });

  test("are tried with a clean count by the plan after one that was cancelled", () => {
    const s = new Script({ attemptsMax: 2 });
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "fail 1/0#0 e1 boom", "cancel 1", "cancelled 1/0#1 e1");
    s.after("submit 2 3<7x1");
    expect(s.after("fail 1/0#2 e1 boom")).toEqual(["warning TASK_RETRIED", "launch 1/0#3 on e1.0"]);
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

  test("may be named again with the very stage that writes them", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "ok 1/0#0 e1", "ok 2/0#0 e1");
    expect(s.submit(2, "1>7:1x1", "3<7x1")).toEqual(["launch 3/0#0 on e1.0"]);
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
