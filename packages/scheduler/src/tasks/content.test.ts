import { describe, expect, test } from "vitest";
import { Script } from "./task-script.fixture.ts";

/**
 * Two maps, two reducers. The second reducer is done, and the first map's output is lost and recomputed: the test
 * decides with which content.
 */
function halfRead(): Script {
  const s = new Script();
  s.after("join e1 1", "join e2 1", "submit 1 1>7:2x2 2<7x2", "differs 1/0#0 e1 5", "ok 1/1#0 e2", "ok 2/1#0 e2");
  expect(s.after("lost e1")).toEqual(["warning STAGE_RERUN", "launch 1/0#1 on e2.0"]);
  return s;
}

describe("a map task that is run again for lost output", () => {
  test("changes nothing for those who read the earlier one, if it gives the same", () => {
    const s = halfRead();
    expect(s.after("differs 1/0#1 e2 5")).toEqual(["stageDone 1", "launch 2/0#1 on e2.0"]);
    expect(s.after("ok 2/0#1 e2")).toEqual(["stageDone 2", "planDone 1 from e2 e2"]);
  });

  test("makes those who read the earlier one run again, if it gives other records", () => {
    const s = halfRead();
    expect(s.after("differs 1/0#1 e2 6")).toEqual(["warning OUTPUT_DIFFERS", "stageDone 1", "launch 2/0#1 on e2.0"]);
    expect(s.after("ok 2/0#1 e2")).toEqual(["launch 2/1#1 on e2.0"]);
    expect(s.after("ok 2/1#1 e2")).toEqual(["stageDone 2", "planDone 1 from e2 e2"]);
  });

  test("stops those who have read the earlier one and are under way", () => {
    const s = new Script();
    s.after(
      "join e1 1",
      "join e2 1",
      "join e3 1",
      "submit 1 1>7:2x2 2<7x2",
      "differs 1/0#0 e1 5",
      "ok 1/1#0 e2",
      "lost e1",
    );
    const lines = ["cancel 2/1#0 on e2", "warning OUTPUT_DIFFERS", "stageDone 1", "launch 2/0#1 on e3.0"];
    expect(s.after("differs 1/0#1 e3 6")).toEqual(lines);
  });

  test("is of no account before anybody has read it", () => {
    const s = new Script();
    s.after("join e1 1", "join e2 1", "submit 1 1>7:1x2 2<7x1", "differs 1/0#0 e1 5", "lost e1", "ok 1/1#0 e2");
    expect(s.after("differs 1/0#1 e2 6")).toEqual(["stageDone 1", "launch 2/0#0 on e2.0"]);
  });

  test("is told of when results that were given out have the earlier records in them", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:1x1 2<7x1", "differs 1/0#0 e1 5", "ok 2/0#0 e1", "lost e1", "join e2 1");
    s.after("submit 2 3<7x1");
    expect(s.after("differs 1/0#1 e2 6")).toContain("warning OUTPUT_DIFFERS");
    expect(s.after("ok 3/0#0 e2")).toContain("planDone 2 from e2");
  });

  test("fails the plan when it has given other records in too many runs", () => {
    const s = new Script();
    s.after("join e1 1", "submit 1 1>7:2x1 2<7x2", "differs 1/0#0 e1 0");
    for (let run = 1; run <= 4; run++) {
      const before = run - 1;
      s.after(`ok 2/0#${before} e1`, `nofetch 2/1#${before} e1 shuffle/7/0/${before}/1 e1`);
      const lines = s.after(`differs 1/0#${run} e1 ${run}`);
      expect(lines).toContain(run === 4 ? "planFailed 1 STAGE_NOT_REPEATABLE" : "warning OUTPUT_DIFFERS");
    }
    expect(s.failure()).toContain(
      'task 0 of stage "stage 1" was rerun because its output was lost and gave other records',
    );
  });
});
