import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { TestProcess } from "../process.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import type { Fault } from "./fault.ts";
import { LocalRun } from "./local-run.fixture.ts";
import { FULL, READ_ONLY, type Refusal } from "./refusals.fixture.ts";

// The system refuses writes, as a full disk, a read-only and a broken one do, and the job goes on.

afterEach(cleanUp);

const BROKEN: Refusal = { kind: "refuse", code: "EIO", calls: 1 };
/** For a rename, which writes nothing. */
const NO_ROOM: Refusal = { kind: "refuse", code: "ENOSPC", calls: 1 };

const GOES_ON: readonly (readonly [Fault["step"], Refusal])[] = [
  ["delta", FULL],
  ["delta", BROKEN],
  ["snapshot", FULL],
  ["snapshot", READ_ONLY],
  ["staging", FULL],
  ["staging", BROKEN],
  ["staging", READ_ONLY],
  ["publish", BROKEN],
  ["publish", NO_ROOM],
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

test("an entry of the received log that is refused is written later, is not acknowledged before, and is counted once", {
  timeout: 60_000,
}, async () => {
  const here = await LocalRun.of({ executors: 1, reads: "reliable source" });
  const { world, faults } = here;
  const job = await here.started();
  for (const deed of [FULL, BROKEN, READ_ONLY]) {
    const armed = faults.arm({ step: "received", when: "before", nth: 1, deed });
    const { mark } = job.lines;
    world.feed(20);
    await struckBy(armed, job.lines, `${deed.code} before received`);
    await job.says(new RegExp(`\\[RECEIVED_LOG_FAILING\\].*${deed.code}`), mark);
    await world.counted(job.lines, mark);
    expect(world.differences(), deed.code).toEqual([]);
  }
  await here.drained(job);
});

test("a savepoint that is refused room is told, leaves nothing that looks like one, and is made when there is room", {
  timeout: 60_000,
}, async () => {
  const here = await LocalRun.of({ executors: 1 });
  const { world, faults } = here;
  const job = await here.started();
  const savepoint = (...args: readonly string[]) =>
    TestProcess.millrace(["savepoint", join(world.directory, "checkpoint"), ...args], { env: faults.env }).ended;
  await world.feedBatch(job.lines);
  const deed = { kind: "refuseAll", code: "ENOSPC", part: "/savepoints/" } as const;
  const armed = faults.arm({ step: "task", when: "before", nth: 1, deed });
  await world.feedBatch(job.lines); // from here on
  const refused = await savepoint("--name", "v1");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/\[DISK_FULL\] .*savepoints.*ENOSPC/)]);
  expect(await armed.struck).toMatchObject({ process: "savepoint" });
  armed.disarm();
  expect((await savepoint("--list")).stdout).toBe("no savepoints\n");
  expect(await savepoint("--name", "v1")).toMatchObject({ code: 0 });
  await world.feedBatch(job.lines);
  await here.drained(job);
});
