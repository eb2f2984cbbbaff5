import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import type { Fault } from "./fault.ts";
import { LocalRun } from "./local-run.fixture.ts";
import { FULL, READ_ONLY, type Refusal } from "./refusals.fixture.ts";

// A job ends because its disk is full or read-only, and is started again by the same command.

afterEach(cleanUp);

type Ends = readonly [step: Fault["step"], Refusal, code: string];

const LOG: readonly Ends[] = [
  ["log.planned", FULL, "DISK_FULL"],
  ["log.prepared", FULL, "DISK_FULL"],
  ["log.committed", FULL, "DISK_FULL"],
  ["log.committed", READ_ONLY, "FILE_FORBIDDEN"],
];
const FILES: readonly Ends[] = [
  ["delta", READ_ONLY, "FILE_FORBIDDEN"],
  ["publish", READ_ONLY, "FILE_FORBIDDEN"],
];

test.each([
  ["an entry of its log", LOG],
  ["a file, for good", FILES],
] as const)(
  "a job that is refused %s ends with that, and goes on when it is started again",
  {
    timeout: 120_000,
  },
  async (_, ends) => {
    const here = await LocalRun.of({ executors: 2 });
    const { world, faults } = here;
    let job = await here.started();
    for (const [step, deed, code] of ends) {
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
  },
);

test.each([
  ["full", "ENOSPC", "/checkpoint/"],
  ["full for the records of its lease", "ENOSPC", "/checkpoint/owner/"],
  ["read-only", "EROFS", "/out/"],
] as const)(
  "a job whose disk is %s and stays so ends, and goes on when there is room again",
  { timeout: 120_000 },
  async (_, code, part) => {
    const conf = { "task.retry.delay.max": "200ms", "checkpoint.lease": "2s" };
    const here = await LocalRun.of({ executors: 1, conf });
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
