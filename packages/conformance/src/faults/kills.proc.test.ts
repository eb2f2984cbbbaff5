import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import { type At, RECEIVER_STEPS, STATE_STEPS, TASK_STEPS } from "./executor-steps.fixture.ts";
import { LocalRun } from "./local-run.fixture.ts";

// Every process of a job is killed at once, and the job is started again by the same command.

afterEach(cleanUp);

const START_STEPS: readonly At[] = [
  ["log.base", "before", 1],
  ["log.base", "after", 1],
];
const LOG_STEPS: readonly At[] = [
  ["log.planned", "before", 2],
  ["log.planned", "after", 1],
  ["log.prepared", "before", 1],
  ["log.prepared", "after", 1],
];
const COMMIT_STEPS: readonly At[] = [
  ["publish", "before", 1],
  ["publish", "after", 1],
  ["publish", "before", 4],
  ["log.committed", "before", 1],
  ["log.committed", "after", 1],
  ["release", "after", 1],
];

test.each([
  ["its log is taken up", "files", START_STEPS],
  ["a batch is logged", "files", LOG_STEPS],
  ["a batch is committed", "files", COMMIT_STEPS],
  ["tasks run and write outputs", "files", TASK_STEPS],
  ["state is written", "files", STATE_STEPS],
  ["blocks are logged, and acknowledged to their source", "reliable source", RECEIVER_STEPS],
] as const)(
  "each record is counted once, though all processes of a job are killed at once while %s",
  { timeout: 120_000 },
  async (_, reads, steps) => {
    const here = await LocalRun.of({ executors: 2, reads });
    const { world, faults } = here;
    let job = await here.started();
    for (const [step, when, nth] of steps) {
      const what = `${when} ${step}`;
      if (steps === START_STEPS) {
        job.signal("SIGKILL");
        await job.ended;
      }
      const armed = faults.arm({ step, when, nth, deed: { kind: "kill", whom: "all" } });
      if (steps === START_STEPS) job = here.start();
      world.feed(5);
      await struckBy(armed, job.lines, what);
      expect(await job.ended, what).toMatchObject({ signal: "SIGKILL" });
      world.feed(3);
      job = await here.startedAgain(what);
    }
    await here.drained(job);
  },
);
