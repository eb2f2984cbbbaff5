import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import { type At, sendLines } from "./executor-steps.fixture.ts";
import { LocalRun } from "./local-run.fixture.ts";

// An executor sleeps past its time-out in the middle of a step, under a driver that goes on, and wakes up when others have
// done its work.

afterEach(cleanUp);

const STATE: readonly At[] = [
  ["delta", "before", 1],
  ["delta", "after", 2],
  ["snapshot", "before", 1],
  ["snapshot", "after", 1],
];
const RECEIVER: readonly At[] = [
  ["received", "before", 1],
  ["received", "after", 1],
  ["acknowledge", "after", 1],
];

const OUTPUTS: readonly At[] = [
  ["delta", "before", 1],
  ["staging", "before", 1],
  ["staging", "after", 3],
];

test.each([
  ["writes outputs, beside a socket", "socket too", OUTPUTS],
  ["writes state", "files", STATE],
  ["logs blocks, and acknowledges them to their source", "reliable source", RECEIVER],
] as const)(
  "each record is counted once, though an executor falls asleep at each step while it %s",
  { timeout: 90_000 },
  async (_, reads, steps) => {
    const here = await LocalRun.of({ executors: 3, reads, conf: { "executor.timeout": "2s" } });
    const { world, faults } = here;
    const job = await here.started();
    for (const [step, when, nth] of steps) {
      const what = `${when} ${step}`;
      await sendLines(here, job.lines);
      const armed = faults.arm({ step, when, nth, deed: { kind: "pause" } });
      const { mark } = job.lines;
      world.feed(14); // twice each key
      const { pid, process: kind } = await struckBy(armed, job.lines, what);
      expect(kind, what).toBe("jobExecutor");
      await job.says(/\[EXECUTOR_LOST\]/, mark);
      await world.counted(job.lines, mark);
      process.kill(pid, "SIGCONT");
      await job.says(/\[STATE_MOVED\]/, mark); // to the process that follows it
      expect(world.differences(), what).toEqual([]);
    }
    await here.drained(job);
  },
);
