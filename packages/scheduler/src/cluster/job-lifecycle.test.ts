import { epochMs, millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { JobEvent } from "./job-events.ts";
import { checkJobLifecycle, type JobLifecycle, jobLifecycle, stepJob } from "./job-lifecycle.ts";

/** Without jitter. */
const rng = { next: () => 0, int: () => 0 };
const restartDelay = { min: millis(200), max: millis(500) };
const job = (): JobLifecycle =>
  jobLifecycle({ overrun: millis(10_000), exitGrace: millis(2_000), restartDelay, steadyAfter: millis(60_000), rng });

const at = epochMs(0);
const submitted: JobEvent = { type: "submitted", at };
const begun: JobEvent = { type: "driverStarted", at, pid: 42 };
const stopTimeout = millis(60_000);
const built: JobEvent = { type: "built", at, job: { stopTimeout, resumable: false, restartsMax: 2 } };
const finished: JobEvent = { type: "ending", at, end: { state: "finished" } };
const failed: JobEvent = {
  type: "ending",
  at,
  end: { state: "failed", error: { name: "Error", message: "batch 100 failed" } },
};
const killed: JobEvent = {
  type: "ending",
  at,
  end: { state: "killed", error: { name: "Error", message: "3 batches did not run" } },
};
const stop: JobEvent = { type: "stopRequested", at };
const kill: JobEvent = { type: "killRequested", at, reason: { kind: "operator" } };
const exited = (message?: string, ms = 0): JobEvent => ({
  type: "driverExited",
  at: epochMs(ms),
  error: message === undefined ? undefined : { name: "Error", message },
});
const tick = (ms: number): JobEvent => ({ type: "tick", at: epochMs(ms) });

function after(state: JobLifecycle, ...events: readonly JobEvent[]): readonly string[] {
  let lines: readonly string[] = [];
  for (const event of events) {
    lines = stepJob(state, event).map((effect) => {
      if (effect.type === "ended") return `ended ${effect.state}`;
      if (effect.type === "restarting") return effect.warning.message;
      return effect.type === "wakeAt" ? `wakeAt ${effect.at}` : effect.type;
    });
    checkJobLifecycle(state);
  }
  return lines;
}

describe("a job", () => {
  test("starts its driver, then its executors once it is built, and then runs", () => {
    const state = job();
    expect(after(state, submitted)).toEqual(["startDriver"]);
    expect(state.state).toBe("starting");
    expect(after(state, begun, built)).toEqual(["startExecutors", "accepted"]);
    expect(state).toMatchObject({ state: "running", pid: 42 });
  });

  test("that says it is finished is so when its process is gone", () => {
    const state = job();
    expect(after(state, submitted, begun, built, finished)).toEqual(["stopExecutors", "wakeAt 2000"]);
    expect(state.state).toBe("running");
    expect(after(state, exited())).toEqual(["cancelWake", "ended finished"]);
  });

  test("that does not exit after its last word is killed, and its word still counts", () => {
    const state = job();
    expect(after(state, submitted, begun, built, finished, tick(2_000))).toEqual(["killDriver"]);
    expect(after(state, exited("SIGKILL"))).toEqual(["ended finished"]);
  });

  test("fails with the error it told, not with that of its exit", () => {
    const state = job();
    after(state, submitted, begun, built, failed, exited("exit code 1"));
    expect(state).toMatchObject({ state: "failed", error: { message: "batch 100 failed" } });
  });

  test("fails when its process dies without a word", () => {
    const state = job();
    expect(after(state, submitted, begun, built, exited("out of memory"))).toEqual(["stopExecutors", "ended failed"]);
    expect(state.error?.message).toMatch(/^out of memory .*checkpointDir.*submit it again\.$/);
  });

  test("fails when its code calls process.exit(0), and says so", () => {
    const state = job();
    after(state, submitted, begun, built, exited());
    expect(state.error?.kind?.code).toBe("JOB_DRIVER_ENDED");
    expect(state.error?.message).toContain("process.exit");
  });

  test("that cannot be built is rejected with the reason", () => {
    const state = job();
    expect(after(state, submitted, begun, failed, exited())).toEqual(["cancelWake", "rejected", "ended failed"]);
  });

  test("whose process cannot be started is rejected", () => {
    expect(after(job(), submitted, exited("spawn EAGAIN"))).toEqual(["rejected", "ended failed"]);
  });

  test("that ended changes no more", () => {
    const state = job();
    after(state, submitted, begun, built, finished, exited());
    expect(after(state, kill, stop, built, failed, exited("x"), tick(9_999))).toEqual([]);
    expect(state.state).toBe("finished");
  });
});

describe("stop", () => {
  test("drains, and the job has ended as its driver says when that is gone", () => {
    const state = job();
    expect(after(state, submitted, begun, built, stop)).toEqual(["drainDriver", "wakeAt 70000"]);
    expect(state.state).toBe("stopping");
    after(state, finished);
    expect(after(state, exited())).toEqual(["cancelWake", "ended finished"]);
  });

  test("leaves the limit of the drain to the job's driver, whose word on the end counts", () => {
    const state = job();
    after(state, submitted, begun, built, stop);
    expect(after(state, tick(60_000))).toEqual(["wakeAt 70000"]);
    after(state, killed, exited("exit code 1"));
    expect(state).toMatchObject({ state: "killed", error: { message: "3 batches did not run" } });
  });

  test("kills a driver that hangs past the limit of its drain", () => {
    const state = job();
    after(state, submitted, begun, built, stop);
    expect(after(state, tick(70_000))).toEqual(["stopDriver", "wakeAt 72000"]);
    expect(after(state, tick(72_000))).toEqual(["killDriver"]);
    expect(after(state, exited("SIGKILL"))).toEqual(["stopExecutors", "ended killed"]);
    expect(state.error?.message).toContain("[JOB_STOPPED] the job's driver process hung past stop.timeout = 1 min 0 s");
  });

  test("of a job whose process exits with 0 and no word has failed: nobody knows what it processed", () => {
    const state = job();
    after(state, submitted, begun, built, stop, exited());
    expect(state).toMatchObject({ state: "failed", error: { kind: { code: "JOB_DRIVER_ENDED" } } });
  });

  test("asked for twice drains once", () => {
    expect(after(job(), submitted, begun, built, stop, stop)).toEqual([]);
  });

  test("before the job is built ends it at once", () => {
    const state = job();
    expect(after(state, submitted, begun, stop)).toEqual(["stopDriver", "wakeAt 2000"]);
    expect(after(state, exited())).toEqual(["cancelWake", "rejected", "ended killed"]);
  });

  test("of a job that fails while it drains ends as failed", () => {
    const state = job();
    after(state, submitted, begun, built, stop, failed, exited());
    expect(state.state).toBe("failed");
  });
});

describe("kill", () => {
  test("stops the process, hard if need be", () => {
    const state = job();
    expect(after(state, submitted, begun, built, kill)).toEqual(["stopDriver", "wakeAt 2000"]);
    expect(after(state, tick(2_000))).toEqual(["killDriver"]);
    expect(after(state, exited("SIGKILL"))).toEqual(["stopExecutors", "ended killed"]);
  });

  test("stops the process hard although its timer fired early", () => {
    const state = job();
    after(state, submitted, begun, built, kill);
    expect(after(state, tick(1_999))).toEqual(["wakeAt 2000"]);
    expect(after(state, tick(2_000))).toEqual(["killDriver"]);
  });

  test("takes the job off the executors when its driver says that it ends, and what it has thrown away", () => {
    const state = job();
    expect(after(state, submitted, begun, built, kill, killed)).toEqual(["stopExecutors"]);
    expect(after(state, exited())).toEqual(["cancelWake", "ended killed"]);
    expect(state.error?.message).toBe("3 batches did not run");
  });

  test("that comes when all is done is no loss", () => {
    const state = job();
    after(state, submitted, begun, built, kill, finished, exited());
    expect(state).toMatchObject({ state: "finished", error: undefined });
  });

  test("cuts a drain short", () => {
    expect(after(job(), submitted, begun, built, stop, kill)).toEqual(["stopDriver", "wakeAt 2000"]);
  });
});

describe("a job that logs its batches, whose driver process died", () => {
  const logs = (ms: number): JobEvent => ({
    type: "built",
    at: epochMs(ms),
    job: { stopTimeout, resumable: true, restartsMax: 2 },
  });

  test("is restarted after a pause, and runs again on its executors", () => {
    const state = job();
    after(state, submitted, begun, logs(0));
    const message = "[JOB_DRIVER_RESTARTED] Error: SIGKILL. Another one goes on from the job's log in 200 ms.";
    expect(after(state, exited("SIGKILL", 100))).toEqual(["holdExecutors", message, "wakeAt 300"]);
    expect(state).toMatchObject({ state: "restarting", error: { message: "SIGKILL" }, pid: undefined });
    expect(after(state, tick(300))).toEqual(["startDriver"]);
    expect(after(state, begun, logs(400))).toEqual(["startExecutors"]);
    expect(state).toMatchObject({ state: "running", error: undefined, pid: 42 });
    after(state, finished, exited());
    expect(state).toMatchObject({ state: "finished", error: undefined });
  });

  test("again and again soon after each start, has failed with the last reason", () => {
    const state = job();
    after(state, submitted, begun, logs(0), exited("first", 1_000), tick(1_200), begun, logs(1_300));
    expect(after(state, exited("second", 2_000)).at(1)).toMatch(/second\..* in 400 ms, the 2nd time in 1 s\.$/);
    after(state, tick(2_400), begun);
    expect(after(state, exited("third", 3_000))).toEqual(["stopExecutors", "ended failed"]); // before it was built again
    expect(state.error).toMatchObject({ kind: { code: "JOB_DRIVER_KEEPS_DYING" }, cause: { message: "third" } });
    expect(state.error?.message).toMatch(
      /died 3 times within 2 s.*driver\.restarts\.max = 2.*The last time: Error: third\./,
    );
  });

  test("after it had run for long, has the first restart of a new series", () => {
    const state = job();
    after(state, submitted, begun, logs(0), exited("first", 1_000), tick(1_200), begun, logs(2_000));
    expect(after(state, exited("second", 62_000)).at(1)).toMatch(/ in 200 ms\.$/);
  });

  test("by a crash that it could tell, has that as the reason", () => {
    const state = job();
    const crashing: JobEvent = { type: "crashing", at, error: { name: "Error", message: "a defect" } };
    after(state, submitted, begun, logs(0), crashing, exited("exit code 1", 100));
    expect(state).toMatchObject({ state: "restarting", error: { message: "a defect" } });
  });

  test("because its thread ran out of memory, is restarted when the process has exited", () => {
    const state = job();
    const kind = { code: "DRIVER_OUT_OF_MEMORY", blame: "user", retry: "never" } as const;
    const error = { name: "EngineError", message: "out of memory", kind };
    const ending: JobEvent = { type: "ending", at, end: { state: "failed", error } };
    expect(after(state, submitted, begun, logs(0), ending)).toEqual(["stopExecutors", "wakeAt 2000"]);
    after(state, exited("exit code 1", 100));
    expect(state).toMatchObject({ state: "restarting", error: { message: "out of memory" } });
  });

  test("is not restarted if it was to stop", () => {
    const state = job();
    expect(after(state, submitted, begun, logs(0), stop, exited("SIGKILL"))).toEqual([
      "cancelWake",
      "stopExecutors",
      "ended failed",
    ]);
  });

  test.each([stop, kill])("ends without a process when it is told to: $type", (told) => {
    const state = job();
    after(state, submitted, begun, logs(0), exited("SIGKILL"));
    expect(after(state, told)).toEqual(["cancelWake", "stopExecutors", "ended killed"]);
    expect(state.error?.message).toMatch(/while its driver process was being restarted.*checkpoint directory\.$/);
  });

  test("with its supervisor, goes on under another one", () => {
    const state = job();
    const supervised = { stopTimeout, resumable: true, restartsMax: 0 };
    const error = { name: "Error", message: "the driver ended" };
    expect(after(state, { type: "restored", at, job: supervised, error })).toEqual([
      "holdExecutors",
      "[JOB_DRIVER_RESTARTED] Error: the driver ended",
      "startDriver",
    ]);
    expect(state).toMatchObject({ state: "restarting", error });
    expect(after(state, begun, logs(400))).toEqual(["startExecutors"]);
    expect(state).toMatchObject({ state: "running", error: undefined });
  });

  test("and cannot be built any more, has failed with that", () => {
    const state = job();
    after(state, submitted, begun, logs(0), exited("SIGKILL"), tick(200), begun);
    expect(after(state, failed)).toEqual(["stopExecutors", "wakeAt 2000"]);
    expect(after(state, exited())).toEqual(["cancelWake", "ended failed"]);
    expect(state.error?.message).toBe("batch 100 failed");
  });
});
