import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import { STATE_STEPS, sendLines, TASK_STEPS } from "./executor-steps.fixture.ts";
import { LocalRun } from "./local-run.fixture.ts";

// Executors are killed alone, under a driver that goes on. Those that fall asleep: asleep-executors.proc.test.ts.

afterEach(cleanUp);

test.each([
  ["tasks run and write outputs", TASK_STEPS],
  ["state is written", STATE_STEPS],
] as const)(
  "each record is counted once, received or read, though an executor is killed at each step while %s",
  { timeout: 90_000 },
  async (_, steps) => {
    const here = await LocalRun.of({ executors: 3, reads: "socket too" });
    const { world, faults } = here;
    const job = await here.started();
    for (const [step, when, nth] of steps) {
      const what = `${when} ${step}`;
      await sendLines(here, job.lines);
      const armed = faults.arm({ step, when, nth, deed: { kind: "kill", whom: "self" } });
      world.feed(5);
      const { process } = await struckBy(armed, job.lines, what);
      expect(process).toBe("jobExecutor");
      await world.counted(job.lines, job.lines.mark);
      expect(world.differences(), what).toEqual([]);
    }
    await here.drained(job);
  },
);
