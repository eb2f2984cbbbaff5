import { type ExecutorId, epochMs, executorId, ManualClock, millis } from "@millrace/base";
import { jobLife } from "@millrace/scheduler";
import { expect, test } from "vitest";
import { DrainReport } from "./drain-report.ts";

/** A job in which an executor leaves, as long as the test gives reasons why it is needed. */
function drained() {
  const clock = new ManualClock(epochMs(0));
  const told: string[] = [];
  let looks = 0;
  let needs: readonly string[] | undefined = ["batch 1"];
  const life = jobLife({ executors: 1, gather: millis(0), parallelismMin: 1 });
  const leavingWaits = (): ReadonlyMap<ExecutorId, readonly string[]> => {
    looks += 1;
    return new Map(needs === undefined ? [] : [[executorId("e1"), needs]]);
  };
  const report = new DrainReport(
    clock,
    () => ({ life, running: { waits: () => [], leavingWaits } }),
    (event) => void told.push(event.type === "leaving" ? [...event.executors.values()].join() : event.type),
  );
  const now = (reasons: readonly string[] | undefined): void => {
    needs = reasons;
    report.changed();
  };
  return { report, clock, told, now, looks: () => looks };
}

test("what is waited for is told when it changes, of many changes the last one after a pause", () => {
  const { report, clock, told, now } = drained();
  report.look();
  expect(told).toEqual(["batch 1"]);
  now(["batch 2"]);
  now(["batch 3"]);
  expect(told).toEqual(["batch 1"]);
  clock.advance(millis(250));
  expect(told).toEqual(["batch 1", "batch 3"]);
  clock.advance(millis(250));
  now(["batch 4"]);
  expect(told.at(-1)).toBe("batch 4"); // at once after a time without changes
  clock.advance(millis(250));
  now(undefined);
  expect(told.at(-1)).toBe("");
});

test("nobody looks while nothing changes, nor while nothing drains", () => {
  const { report, clock, now, looks } = drained();
  now(["batch 1"]);
  expect(looks()).toBe(0);
  report.look();
  clock.advance(millis(60_000));
  expect(looks()).toBe(1);
  now(undefined);
  now(["batch 2"]); // of an executor of which nobody has said that it leaves
  clock.advance(millis(60_000));
  expect(looks()).toBe(2);
});

test("nobody looks after the end", () => {
  const { report, clock, now, looks } = drained();
  report.look();
  now(["batch 2"]);
  report.end();
  now(["batch 3"]);
  clock.advance(millis(60_000));
  expect(looks()).toBe(1);
});
