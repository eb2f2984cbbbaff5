import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import { type At, STATE_STEPS, TASK_STEPS } from "./executor-steps.fixture.ts";
import { LocalRun } from "./local-run.fixture.ts";

// Executors are lost alone, under a driver that goes on.

afterEach(cleanUp);

/** A socket cannot send again what was lost on its way: this is sent to a receiver that is there, and in a batch when it returns. */
async function sendLines({ socket, world }: LocalRun, job: Parameters<typeof world.counted>[0]): Promise<void> {
  if (socket === undefined) return;
  await socket.occupied();
  socket.send(world.take(4));
  await world.counted(job, job.mark);
}

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

const ASLEEP: readonly At[] = [
  ["delta", "before", 1],
  ["staging", "before", 1],
  ["staging", "after", 3],
];

test("each record is counted once, though an executor sleeps past its time-out in the middle of a step, and then goes on", {
  timeout: 120_000,
}, async () => {
  const here = await LocalRun.of({ executors: 3, reads: "socket too", conf: { "executor.timeout": "2s" } });
  const { world, faults } = here;
  const job = await here.started();
  for (const [step, when, nth] of ASLEEP) {
    const what = `${when} ${step}`;
    await sendLines(here, job.lines);
    const armed = faults.arm({ step, when, nth, deed: { kind: "pause" } });
    const { mark } = job.lines;
    world.feed(5);
    const { pid } = await struckBy(armed, job.lines, what);
    await job.says(/\[EXECUTOR_LOST\]/, mark);
    await world.counted(job.lines, mark);
    process.kill(pid, "SIGCONT");
    await job.says(/\[STATE_MOVED\]/, mark); // to the process that follows it
    expect(world.differences(), what).toEqual([]);
  }
  await here.drained(job);
});
