import { executorId } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { drainRequestId, type MembershipEvent, memberSessionId } from "./membership-events.ts";
import { added, after, closed, cluster, down, hello, j1, leaving, removed, up } from "./membership-script.fixture.ts";
import type { Membership } from "./membership-state.ts";

describe("an operator who drains an executor", () => {
  const drain = (request: number, name: string): MembershipEvent => ({
    type: "drainRequested",
    request: drainRequestId(request),
    executor: executorId(name),
  });
  const refused = (state: Membership, name: string) => after(state, drain(9, name)).join(" ");

  test("has it leave, and is answered when it has", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"), added(j1));
    expect(after(state, drain(1, "e1"))).toEqual(["leave 1"]);
    expect(after(state, leaving(1))).toEqual(["executorLeaving e1"]);
    expect(after(state, { type: "left", session: memberSessionId(1) })).toEqual(["close 1"]);
    expect(after(state, closed(1))).toEqual(["executorLeft e1", "drain 1 left"]);
    expect(state.drains.size).toBe(0);
  });

  test("is told of an executor that is not there, with those that are", () => {
    const state = cluster();
    expect(refused(state, "e1")).toContain("[EXECUTOR_UNKNOWN] there is no executor e1; none is connected.");
    after(state, hello(1, "e1"), hello(2, "e2"), closed(1));
    expect(refused(state, "e1")).toContain("executor e1 is lost already; connected are e2.");
    expect(refused(state, "e7")).toContain("there is no executor e7; connected are e2.");
  });

  test("is told of one that is draining already", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"), drain(1, "e1"));
    expect(refused(state, "e1")).toContain("[EXECUTOR_DRAINING] executor e1 is draining already.");
    after(state, leaving(2));
    expect(refused(state, "e2")).toContain("[EXECUTOR_DRAINING]");
  });

  test("may not take the last one from jobs", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"), added(j1), drain(1, "e1"));
    expect(refused(state, "e2")).toContain(
      "[LAST_EXECUTOR] executor e2 is the last one that takes tasks, and j1 would",
    );
    after(state, removed(j1));
    expect(after(state, drain(2, "e2"))).toEqual(["leave 2"]);
  });

  test("is told when it ended before its jobs had released it, or was lost", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"), hello(3, "e3"), added(j1), up(1, j1), up(2, j1));
    after(state, drain(1, "e1"), leaving(1), drain(2, "e2"));
    after(state, down(1, j1, 0, "the grace period is over"));
    expect(after(state, closed(1))).toEqual(["executorLeft e1", "drain 1 the grace period is over"]);
    expect(after(state, closed(2)).join(" ")).toContain("executorLost e2 drain 2 [DRAIN_CUT_OFF] executor e2 was lost");
  });

  test("is not told of a process that a job has ended itself", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"), added(j1), up(1, j1), drain(1, "e1"), leaving(1), removed(j1));
    after(state, down(1, j1));
    expect(after(state, closed(1))).toEqual(["executorLeft e1", "drain 1 left"]);
  });
});
