import { epochMs, ManualClock, millis } from "@millrace/base";
import { expect, test } from "vitest";
import { IdleTime } from "./idle-time.ts";

/** What has been resolved so far. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what waits has its turn when no task has run for a while, at once as long as none runs, and else after all", async () => {
  const clock = new ManualClock(epochMs(0));
  const idle = new IdleTime(clock);
  const done: string[] = [];
  const wait = (name: string) => void idle.wait().then(() => done.push(name));
  wait("before any task");
  await turn();
  idle.begin();
  wait("quiet");
  idle.end();
  clock.advance(millis(10));
  idle.begin();
  clock.advance(millis(100));
  idle.end();
  await turn();
  expect(done).toEqual(["before any task"]);
  clock.advance(millis(20));
  wait("still quiet");
  await turn();
  expect(done).toEqual(["before any task", "quiet", "still quiet"]);
  idle.begin();
  wait("busy");
  clock.advance(millis(400));
  await turn();
  expect(done).not.toContain("busy");
  clock.advance(millis(100));
  await turn();
  expect(done.at(-1)).toBe("busy");
});
