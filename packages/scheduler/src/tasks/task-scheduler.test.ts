import { executorId } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { NO_TALLY, Script, stageOf } from "./task-script.fixture.ts";

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

  test("hands small blocks that came with the reports on to their readers", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:2x1 2<7x2");
    const [task] = s.last.flatMap((effect) => (effect.type === "launch" ? [effect.task] : []));
    if (task === undefined) throw new Error("nothing was launched");
    const copies = [Uint8Array.of(1, 2), new Uint8Array(0)];
    s.step({
      type: "taskReported",
      executor: executorId("e1"),
      task,
      outcome: { kind: "mapOutput", bytes: [2, 0], copies, checksum: 0, ...NO_TALLY },
    });
    const launched = s.last.flatMap((effect) => (effect.type === "launch" ? effect.task.inputs : []));
    expect(launched).toMatchObject([{ kind: "blocks", blocks: [{ bytes: 2, copy: Uint8Array.of(1, 2) }] }]);
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

describe("without executors", () => {
  test("a plan waits, and this is said once until one has come", () => {
    const s = new Script();
    expect(s.submit(1, "1x1")).toEqual(["warning NO_EXECUTORS"]);
    expect(s.submit(2, "2x1")).toEqual([]);
    expect(s.after("join e1 2")).toEqual(["over tasks", "launch 1/0#0 on e1.0", "launch 2/0#0 on e1.1"]);
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

  test("waits for the pause before it is tried again, and for a longer one each time", () => {
    const s = new Script({ retryMs: 500 });
    s.after("join e1 1", "join e2 1", "submit 1 1x1");
    expect(s.after("fail 1/0#0 e1 boom")).toEqual(["warning TASK_RETRIED", "retry 1/0#0 after 500 ms"]);
    expect(s.after("due 1/0#0")).toEqual(["launch 1/0#1 on e2.0"]);
    expect(s.after("fail 1/0#1 e2 boom")).toEqual(["warning TASK_RETRIED", "retry 1/0#1 after 1000 ms"]);
    expect(s.after("due 1/0#0")).toEqual([]); // late, of the previous pause
    expect(s.after("due 1/0#1")).toEqual(["launch 1/0#2 on e1.0"]);
  });

  test("leaves its slot to others during the pause", () => {
    const s = new Script({ retryMs: 500 });
    s.after("join e1 1", "submit 1 1x2");
    expect(s.after("fail 1/0#0 e1 boom")).toContain("launch 1/1#0 on e1.0");
  });

  test("is not tried again when nobody needs it after the pause", () => {
    const s = new Script({ retryMs: 500 });
    s.after("join e1 1", "submit 1 1x1", "fail 1/0#0 e1 boom");
    expect(s.after("cancel 1")).toContain("planFailed 1 PLAN_CANCELLED");
    expect(s.after("due 1/0#0")).toEqual([]);
  });

  test("needs no pause when its executor was lost", () => {
    const s = new Script({ retryMs: 500 });
    s.after("join e1 1", "join e2 1", "submit 1 1x1");
    expect(s.after("lost e1")).toEqual(["launch 1/0#1 on e2.0"]);
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
    expect(s.state.plans.size).toBe(0);
    expect([...s.state.executors.values()].map(({ slots, free }) => slots.length - free)).toEqual([0]);
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

describe("accumulator updates", () => {
  const counted = (s: Script, task: string, executor: string, update: number): void => {
    const [event] = [{ run: 1, task, executor, update }];
    const match = /^(\d+)\/(\d+)#(\d+)$/.exec(event?.task ?? "");
    const stage = [...s.state.stages.values()].find(({ planned }) => planned.run === Number(match?.[1]));
    if (stage === undefined) throw new Error(`no stage of ${task}`);
    s.step({
      type: "taskReported",
      executor: executorId(executor),
      task: { run: stage.planned.run, partition: Number(match?.[2]), attempt: Number(match?.[3]) },
      outcome: {
        ...(stage.outputs
          ? { kind: "mapOutput", bytes: [10], checksum: 0 }
          : { kind: "result", result: { kind: "inline", block: new Uint8Array(0) } }),
        ...NO_TALLY,
        accumulators: Uint8Array.of(update),
      },
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
    expect(s.after("ready e1")).toEqual(["over tasks", "launch 1/0#1 on e1.0"]);
  });
});
