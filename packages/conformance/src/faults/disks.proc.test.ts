import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import type { Deed, Fault } from "./fault.ts";
import { LocalRun } from "./local-run.fixture.ts";

// The system refuses writes, as a full disk, a read-only and a broken one do.

afterEach(cleanUp);

type Refusal = Extract<Deed, { readonly kind: "refuse" }>;

/** Half of what is written is there when the disk is full. */
const FULL: Refusal = { kind: "refuse", code: "ENOSPC", calls: 1, partly: true };
const BROKEN: Refusal = { kind: "refuse", code: "EIO", calls: 1 };
const READ_ONLY: Refusal = { kind: "refuse", code: "EROFS", calls: 1 };

const GOES_ON: readonly (readonly [Fault["step"], Refusal])[] = [
  ["delta", FULL],
  ["delta", BROKEN],
  ["snapshot", FULL],
  ["snapshot", READ_ONLY],
  ["staging", FULL],
  ["staging", BROKEN],
  ["publish", BROKEN],
];

test("a write that is refused once is tried again, and each record is counted once", { timeout: 120_000 }, async () => {
  const here = await LocalRun.of({ executors: 2 });
  const { world, faults } = here;
  const job = await here.started();
  for (const [step, deed] of GOES_ON) {
    const what = `${deed.code} before ${step}`;
    const armed = faults.arm({ step, when: "before", nth: 1, deed });
    world.feed(20); // no partition of an output is empty
    if (step === "snapshot") for (let i = 0; i < 4; i++) await world.feedBatch(job.lines);
    await struckBy(armed, job.lines, what);
    await world.counted(job.lines, job.lines.mark);
    expect(world.differences(), what).toEqual([]);
  }
  await here.drained(job);
});

const ENDS: readonly (readonly [Fault["step"], Refusal, string])[] = [
  ["log.planned", FULL, "DISK_FULL"],
  ["log.prepared", FULL, "DISK_FULL"],
  ["log.committed", FULL, "DISK_FULL"],
  ["log.committed", READ_ONLY, "FILE_FORBIDDEN"],
  ["delta", READ_ONLY, "FILE_FORBIDDEN"],
];

test("a job whose log is refused a write ends with that, and goes on when it is started again", {
  timeout: 120_000,
}, async () => {
  const here = await LocalRun.of({ executors: 2 });
  const { world, faults } = here;
  let job = await here.started();
  for (const [step, deed, code] of ENDS) {
    const what = `${deed.code} before ${step}`;
    const armed = faults.arm({ step, when: "before", nth: 1, deed });
    world.feed(20);
    await struckBy(armed, job.lines, what);
    const ended = await job.ended;
    expect(ended.code, what).toBe(1);
    expect(ended.stderr, what).toMatch(new RegExp(`\\[${code}\\] .*${deed.code}`));
    world.feed(5);
    job = await here.startedAgain(what);
  }
  await here.drained(job);
});

test.each([
  ["full", "ENOSPC", "/checkpoint/"],
  ["read-only", "EROFS", "/out/"],
] as const)(
  "a job whose disk is %s and stays so ends, and goes on when there is room again",
  { timeout: 120_000 },
  async (_, code, part) => {
    const here = await LocalRun.of({ executors: 2, conf: { "task.retry.delay.max": "200ms" } });
    const { world, faults } = here;
    let job = await here.started();
    world.feed(20);
    await world.counted(job.lines);
    const armed = faults.arm({ step: "task", when: "before", nth: 1, deed: { kind: "refuseAll", code, part } });
    world.feed(20);
    await armed.struck;
    const { code: exit, stderr } = await job.ended;
    expect([exit, stderr]).toEqual([1, expect.stringContaining(code)]);
    armed.disarm();
    job = await here.startedAgain(code);
    await here.drained(job);
  },
);
