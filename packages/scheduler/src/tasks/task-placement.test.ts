import { describe, expect, test } from "vitest";
import { blockStage, Script } from "./task-script.fixture.ts";

/** The owner of each partition of an operator's state. */
function ownersOf({ state }: Script, operator: string): readonly (string | undefined)[] {
  return (state.operators.get(operator)?.owners ?? []).map((slot) => slot && `${slot.executor.id}.${slot.index}`);
}

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
    expect(s.after("ready e1")).toEqual(["over tasks", "launch 1/0#0 on e1.0"]);
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
    expect(ownersOf(s, "totals")).toEqual(["e2.0", "e2.0"]);
  });

  test("of several operators is balanced over all slots", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~a", "ok 1/0#0 e1");
    expect(s.submit(2, "2x1~b")).toEqual(["launch 2/0#0 on e2.0"]);
  });

  test("moves to executors that joined when the batch is over, and no more of it than needed", () => {
    const s = new Script();
    s.after(
      "join e1 2",
      "submit 1 1x4~totals",
      "ok 1/0#0 e1",
      "ok 1/1#0 e1",
      "ok 1/2#0 e1",
      "ok 1/3#0 e1",
      "join e2 2",
    );
    expect(s.after("over")).toEqual(["warning STATE_MOVED"]);
    expect(ownersOf(s, "totals")).toEqual(["e1.0", "e1.1", "e2.0", "e2.1"]);
    expect(s.after("over")).toEqual([]);
    expect(s.submit(2, "2x4~totals")).toEqual([
      "launch 2/0#0 on e1.0",
      "launch 2/1#0 on e1.1",
      "launch 2/2#0 on e2.0",
      "launch 2/3#0 on e2.1",
    ]);
  });

  test("goes back when the executor that it moved to is lost, and to the next one that joins", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x2~totals", "ok 1/0#0 e1", "ok 1/1#0 e1", "join e2 1");
    expect(s.after("over")).toEqual(["warning STATE_MOVED"]);
    expect(s.after("lost e2", "join e3 1")).toEqual([]); // it has no owner, and the next batch finds it one
    expect(s.after("over")).toEqual([]);
    expect(s.submit(2, "2x2~totals")).toEqual(["launch 2/0#0 on e1.0", "launch 2/1#0 on e3.0"]);
  });

  test("stays where it is when no executor has joined since it was spread", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~a", "ok 1/0#0 e1", "submit 2 2x1~b", "ok 2/0#0 e2", "lost e2");
    expect(s.submit(3, "3x1~b")).toEqual(["launch 3/0#0 on e1.0"]);
    expect(s.after("ok 3/0#0 e1", "over")).toEqual([]);
  });

  test("does not move from under a task that runs, and takes along one that waits", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1x3~totals", "join e2 1"); // 0 runs, 1 and 2 wait for the same slot
    expect(s.after("over")).toEqual(["warning STATE_MOVED", "launch 1/2#0 on e2.0"]);
    expect(s.after("ok 1/0#0 e1")).toEqual(["launch 1/1#0 on e1.0"]);
  });

  test("waits for an executor when there is none", () => {
    const s = new Script();
    s.after("submit 1 1x1~totals");
    expect(s.after("join e1 1")).toEqual(["over tasks", "launch 1/0#0 on e1.0"]);
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

  test("does not bring a task that failed back to where it failed", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1");
    s.submit(1, blockStage(1, [["e1"], ["e2"]]));
    expect(s.after("fail 1/0#0 e1 boom")).toEqual(["warning TASK_RETRIED"]);
    expect(s.after("ok 1/1#0 e2")).toEqual(["launch 1/0#1 on e2.0"]);
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

  test("a holder to which a block was copied after the plan was made serves it when those of the plan are lost", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "join e3 1", "submit 1 9x3");
    s.submit(2, blockStage(1, [["e1", "e2"]])); // waits for a slot
    s.after("lost e1", "added e3 recv/0/0", "lost e2", "ok 9/2#0 e3", "ok 9/0#1 e3", "ok 9/1#1 e3");
    expect(s.inputs()).toEqual([["recv/0/0@e3"]]);
  });

  test("a task goes to where its block was copied", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "join e3 1", "lost e1", "added e3 recv/0/0");
    expect(s.submit(1, blockStage(1, [["e1"]]))).toEqual(["launch 1/0#0 on e3.0"]);
  });

  test("an added holder counts until it is lost, or its block released", () => {
    const s = new Script();
    s.after(
      "join e1 1",
      "join e2 1",
      "added e1 recv/0/0",
      "added e2 recv/0/0",
      "added e2 recv/0/1",
      "added e9 recv/0/2",
    );
    s.after("lost e2", "join e2 1");
    expect([...s.state.addedHolders]).toEqual([["recv/0/0", ["e1"]]]);
    s.after("released recv/0/0", "released recv/0/7");
    expect(s.state.addedHolders.size).toBe(0);
  });

  test("a block whose every holder is lost fails the plan, by name", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 2", "lost e1");
    expect(s.submit(1, blockStage(1, [["e2"], ["e1"]]))).toContain("planFailed 1 INPUT_BLOCK_LOST");
    expect(s.failure()).toContain("block recv/0/1");
    expect(s.failure()).toContain("MEMORY_AND_DISK_2");
  });
});

describe("an executor that leaves", () => {
  test("gets no task while another takes them, and its outputs are read from it until it is gone", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:2x2 2<7x2", "ok 1/0#0 e1");
    s.after("leave e1");
    expect(s.after("ok 1/1#0 e2")).toEqual(["stageDone 1", "launch 2/0#0 on e2.0"]);
    expect(s.inputs()).toEqual([["shuffle/7/0/0/0@e1", "shuffle/7/1/0/0@e2"]]);
    expect(s.after("ok 2/0#0 e2")).toEqual(["launch 2/1#0 on e2.0"]);
  });

  test("finishes what it runs", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x2", "leave e1", "ok 1/0#0 e1");
    expect(s.after("ok 1/1#0 e2")).toContain("planDone 1 from e1 e2");
  });

  test("is not preferred for what it holds", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "leave e1");
    expect(s.submit(1, blockStage(1, [["e1"]]))).toEqual(["launch 1/0#0 on e2.0"]);
  });

  test("keeps its state to the end of the batch, and then hands it over", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x2~totals", "ok 1/0#0 e1", "ok 1/1#0 e2", "leave e1");
    expect(s.submit(2, "2x2~totals")).toEqual(["launch 2/0#0 on e1.0", "launch 2/1#0 on e2.0"]);
    s.after("ok 2/0#0 e1", "ok 2/1#0 e2", "over");
    expect(s.submit(3, "3x2~totals")).toEqual(["launch 3/0#0 on e2.0"]);
    expect(s.after("ok 3/0#0 e2")).toEqual(["launch 3/1#0 on e2.0"]);
    expect(ownersOf(s, "totals")).toEqual(["e2.0", "e2.0"]);
  });

  test("does not hand over state that a task is updating", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1x1~totals", "leave e1", "over");
    expect(ownersOf(s, "totals")).toEqual(["e1.0"]);
    s.after("ok 1/0#0 e1", "over");
    expect(s.submit(2, "2x1~totals")).toEqual(["launch 2/0#0 on e2.0"]);
  });

  test("takes tasks all the same while nobody else does", () => {
    const s = new Script();
    s.after("join e1 1", "leave e1");
    expect(s.after("submit 1 1x1~totals")).toEqual(["launch 1/0#0 on e1.0"]);
    s.after("ok 1/0#0 e1", "over", "join e2 1");
    expect(s.submit(2, "2x1")).toEqual(["launch 2/0#0 on e2.0"]);
    s.after("lost e2");
    expect(ownersOf(s, "totals")).toEqual(["e1.0"]);
    expect(s.last.length).toBe(1); // launched again, here
  });
});
