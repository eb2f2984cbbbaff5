import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import type { Fault } from "./fault.ts";
import { localRun } from "./local-run.fixture.ts";

// Every process of a job is killed at once, and the job is started again by the same command.

afterEach(cleanUp);

type At = readonly [step: Fault["step"], when: Fault["when"], nth: number];

/** The n-th time since the fault was armed: a step that each output or partition takes is not always the first one's. */
const DRIVER_STEPS: readonly At[] = [
  ["log.base", "before", 1],
  ["log.base", "after", 1],
  ["log.planned", "before", 2],
  ["log.planned", "after", 1],
  ["log.prepared", "before", 1],
  ["log.prepared", "after", 1],
  ["publish", "before", 1],
  ["publish", "after", 1],
  ["publish", "before", 4],
  ["log.committed", "before", 1],
  ["log.committed", "after", 1],
  ["release", "after", 1],
];
const EXECUTOR_STEPS: readonly At[] = [
  ["task", "before", 3],
  ["task", "after", 5],
  ["delta", "before", 1],
  ["delta", "after", 2],
  ["snapshot", "before", 2],
  ["snapshot", "after", 1],
  ["staging", "before", 2],
  ["staging", "after", 1],
];

test.each([
  ["the driver's steps", DRIVER_STEPS],
  ["the executors' steps", EXECUTOR_STEPS],
])(
  "each record is counted once, though all processes are killed at once at each of %s",
  { timeout: 180_000 },
  async (_, steps) => {
    const { world, faults, start } = await localRun({ executors: 2 });
    let job = start();
    await job.says(/^counted 0$/); // older files are not read
    for (const [step, when, nth] of steps) {
      const what = `${when} ${step}`;
      if (step === "log.base") {
        // Written by the start.
        job.signal("SIGKILL");
        await job.ended;
      }
      const armed = faults.arm({ step, when, nth, deed: { kind: "kill", whom: "all" } });
      if (step === "log.base") job = start();
      world.feedFile(5);
      await struckBy(armed, job.lines, what);
      expect(await job.ended, what).toMatchObject({ signal: "SIGKILL" });
      world.feedFile(3);
      job = start();
      await world.counted(job.lines);
      expect(world.differences(), what).toEqual([]);
    }
    job.signal("SIGINT");
    expect(await job.ended).toMatchObject({ code: 0 });
    expect(world.differences()).toEqual([]);
  },
);
