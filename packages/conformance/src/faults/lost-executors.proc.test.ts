import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import type { Fault } from "./fault.ts";
import { type LocalRun, localRun } from "./local-run.fixture.ts";

// Executors are lost alone, under a driver that goes on.

afterEach(cleanUp);

type At = readonly [step: Fault["step"], when: Fault["when"], nth: number];

/** A socket cannot send again what was lost on its way: this is sent to a receiver that is there, and in a batch when it returns. */
async function sendLines({ source, world }: LocalRun, job: Parameters<typeof world.counted>[0]): Promise<void> {
  await source?.occupied();
  source?.send(world.take(4));
  await world.counted(job, job.mark);
}

const KILLED: readonly At[] = [
  ["task", "before", 3],
  ["task", "after", 5],
  ["delta", "before", 1],
  ["delta", "after", 2],
  ["snapshot", "before", 2],
  ["snapshot", "after", 1],
  ["staging", "before", 2],
  ["staging", "after", 1],
];

test("each record is counted once, received or read, though an executor is killed at each of its steps", {
  timeout: 120_000,
}, async () => {
  const here = await localRun({ executors: 3, received: true });
  const { world, faults, start } = here;
  const job = start();
  await job.says(/^counted 0$/); // older files are not read
  for (const [step, when, nth] of KILLED) {
    const what = `${when} ${step}`;
    await sendLines(here, job.lines);
    const armed = faults.arm({ step, when, nth, deed: { kind: "kill", whom: "self" } });
    world.feedFile(5);
    const { process } = await struckBy(armed, job.lines, what);
    expect(process).toBe("jobExecutor");
    await world.counted(job.lines, job.lines.mark);
    expect(world.differences(), what).toEqual([]);
  }
  job.signal("SIGINT");
  expect(await job.ended).toMatchObject({ code: 0 });
  expect(world.differences()).toEqual([]);
});

test("each record is counted once, though an executor sleeps past its time-out in the middle of a step, and then goes on", {
  timeout: 120_000,
}, async () => {
  const here = await localRun({ executors: 3, received: true, conf: { "executor.timeout": "2s" } });
  const { world, faults, start } = here;
  const job = start();
  await job.says(/^counted 0$/);
  for (const [step, when, nth] of [
    ["delta", "before", 1],
    ["staging", "before", 1],
    ["staging", "after", 3],
  ] satisfies readonly At[]) {
    const what = `${when} ${step}`;
    await sendLines(here, job.lines);
    const armed = faults.arm({ step, when, nth, deed: { kind: "pause" } });
    const { mark } = job.lines;
    world.feedFile(5);
    const { pid } = await struckBy(armed, job.lines, what);
    await job.says(/\[EXECUTOR_LOST\]/, mark);
    await world.counted(job.lines, mark);
    process.kill(pid, "SIGCONT");
    await job.says(/\[STATE_MOVED\]/, mark); // to the process that follows it
    expect(world.differences(), what).toEqual([]);
  }
  job.signal("SIGINT");
  expect(await job.ended).toMatchObject({ code: 0 });
  expect(world.differences()).toEqual([]);
});
