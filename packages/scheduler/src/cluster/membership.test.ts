import { epochMs, executorId, millis, SeededRng } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { stepMembership } from "./membership.ts";
import { drainRequestId, type MembershipEvent, memberSessionId } from "./membership-events.ts";
import {
  added,
  after,
  allAfter,
  awaited,
  closed,
  cluster,
  down,
  heartbeat,
  hello,
  j1,
  j2,
  leaving,
  removed,
  SETTINGS,
  tick,
  up,
} from "./membership-script.fixture.ts";
import { LOST_KEPT_MAX, membershipDefaults } from "./membership-state.ts";

test("the longest pause of restarts may be less than the first one is otherwise", () => {
  const { restartDelay } = membershipDefaults(1, millis(10_000), SETTINGS.rng, millis(50));
  expect(restartDelay).toEqual({ min: 50, max: 50 });
});

describe("an executor", () => {
  test("is welcomed and joins", () => {
    expect(after(cluster(), hello(1, "e1"))).toEqual(["welcome 1", "executorJoined e1"]);
  });

  test("of another protocol version is refused, with both versions", () => {
    const effects = stepMembership(cluster(), hello(1, "e1", { protocol: 3 }));
    expect(effects).toMatchObject([{ type: "refuse", error: { code: "PROTOCOL_MISMATCH" } }]);
    expect(effects[0]).toMatchObject({
      error: { message: expect.stringContaining("speaks protocol version 3, but this driver speaks version 1") },
    });
  });

  test("whose name is in use is refused, with who uses it", () => {
    const state = cluster();
    after(state, hello(1, "e1"));
    expect(after(state, hello(2, "e1"))).toEqual(["refuse 2 EXECUTOR_NAME_IN_USE"]);
    expect(after(state, hello(3, "e2"))).toEqual(["welcome 3", "executorJoined e2"]);
  });

  test("that dials again while its old connection hangs replaces it", () => {
    const state = cluster();
    const same = { host: "h", pid: 9 };
    after(state, hello(1, "e1", same));
    expect(after(state, hello(2, "e1", same))).toEqual([
      "close 1",
      "executorLost e1",
      "welcome 2",
      "executorJoined e1",
    ]);
    expect(after(state, closed(1))).toEqual([]); // the end of the old one comes late
    expect(state.members.get(executorId("e1"))?.session).toBe(2);
  });

  test("takes over the name of one that has been silent too long", () => {
    const state = cluster();
    after(state, hello(1, "e1"));
    expect(after(state, hello(2, "e1", { at: 10_000 }))).toContain("welcome 2");
  });

  test("is lost when its connection ends, stays listed, and may come back", () => {
    const state = cluster();
    expect(after(state, hello(1, "e1"), closed(1))).toEqual(["executorLost e1"]);
    expect(state.members.get(executorId("e1"))?.session).toBeUndefined();
    expect(after(state, hello(2, "e1"))).toEqual(["welcome 2", "executorJoined e1"]);
  });
});

describe("heartbeats", () => {
  test("silence for executor.timeout means lost", () => {
    const state = cluster();
    expect(allAfter(state, hello(1, "e1"))).toContain("wakeAt 10000");
    expect(after(state, tick(10_000))).toEqual(["close 1", "executorLost e1"]);
  });

  test("silence while this process stood still is nobody's: what was said meanwhile is not read yet", () => {
    const state = cluster();
    after(state, hello(1, "e1"));
    expect(allAfter(state, tick(60_000))).toEqual(["wakeAt 62500"]); // it was due at 10 s
    expect(allAfter(state, heartbeat(1, 60_001), tick(62_500))).toEqual(["wakeAt 70001"]);
    expect(after(state, tick(70_001))).toEqual(["close 1", "executorLost e1"]);
  });

  test("each one puts it off", () => {
    const state = cluster();
    after(state, hello(1, "e1"), heartbeat(1, 9_000));
    expect(allAfter(state, tick(10_000))).toEqual(["wakeAt 19000"]);
    expect(after(state, tick(19_000))).toEqual(["close 1", "executorLost e1"]);
  });

  test("ask for no new timer each", () => {
    const state = cluster();
    after(state, hello(1, "e1"));
    expect(allAfter(state, heartbeat(1, 5_000))).toEqual([]);
  });

  test("of a connection that is gone do nothing", () => {
    const state = cluster();
    expect(after(state, hello(1, "e1"), closed(1), heartbeat(1, 5_000), tick(99_999))).toEqual([]);
  });
});

describe("a job", () => {
  test("runs on every executor, also on those that come later", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"));
    expect(after(state, added(j1))).toEqual(["startJob j1 on 1", "startJob j1 on 2"]);
    expect(after(state, hello(3, "e3"))).toEqual(["welcome 3", "executorJoined e3", "startJob j1 on 3"]);
  });

  test("that is over is stopped everywhere", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"), added(j1), up(1, j1));
    expect(after(state, removed(j1))).toEqual(["stopJob j1 on 1", "stopJob j1 on 2"]);
    expect(after(state, down(1, j1))).toEqual([]);
    expect(after(state, hello(3, "e3"))).toEqual(["welcome 3", "executorJoined e3"]);
  });

  test("that still runs on an executor of before is adopted; one that is over is stopped", () => {
    const state = cluster();
    after(state, added(j1));
    expect(after(state, hello(1, "e1", { jobs: [j1, j2] }))).toEqual([
      "welcome 1",
      "executorJoined e1",
      "startJob j1 on 1", // with where its driver is, which may be another one
      "stopJob j2 on 1",
    ]);
  });

  test("whose driver is gone keeps its processes, which are told of the next one", () => {
    const state = cluster();
    after(state, hello(1, "e1"), hello(2, "e2"), added(j1), up(1, j1));
    expect(after(state, awaited(j1))).toEqual(["holdJob j1 on 1", "holdJob j1 on 2"]);
    expect(after(state, down(2, j1))).toEqual([]); // it is not started without a driver
    expect(after(state, hello(3, "e3"))).toEqual(["welcome 3", "executorJoined e3"]);
    expect(after(state, added(j1))).toEqual(["startJob j1 on 1", "startJob j1 on 2", "startJob j1 on 3"]);
  });

  test("of a driver before keeps what it has on executors until it has a driver again, or is over", () => {
    const state = cluster();
    after(state, awaited(j1), awaited(j2));
    expect(after(state, hello(1, "e1", { jobs: [j1, j2] }))).toEqual([
      "welcome 1",
      "executorJoined e1",
      "holdJob j1 on 1",
      "holdJob j2 on 1",
    ]);
    expect(after(state, added(j1))).toEqual(["startJob j1 on 1"]);
    expect(after(state, removed(j2))).toEqual(["stopJob j2 on 1"]);
  });

  test("that waits to start a process again does not, without a driver", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1), down(1, j1));
    expect(after(state, awaited(j1))).toEqual([]);
    expect(after(state, added(j1))).toEqual(["startJob j1 on 1"]);
  });

  test("whose start is heard of after its end is stopped", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), removed(j1), down(1, j1));
    expect(after(state, up(1, j1))).toEqual(["stopJob j1 on 1"]);
  });

  test("that is added again while its process stops starts when that is gone", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1), removed(j1));
    expect(after(state, added(j1))).toEqual([]);
    expect(after(state, down(1, j1))).toEqual(["startJob j1 on 1"]);
  });
});

describe("a job's process that ends by itself", () => {
  test("is started again after a pause, and the job is told", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1));
    expect(allAfter(state, down(1, j1, 1_000))).toEqual(["warning j1", "wakeAt 1200"]);
    expect(after(state, tick(1_199))).toEqual([]);
    expect(after(state, tick(1_200))).toEqual(["startJob j1 on 1"]);
  });

  test("says why, and when it starts again", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1));
    const [warning] = stepMembership(state, down(1, j1));
    expect(warning).toMatchObject({
      warning: {
        code: "EXECUTOR_RESTARTED",
        subject: "e1",
        message:
          "[EXECUTOR_RESTARTED] the process of job j1 on executor e1 ended: Error: out of memory. It restarts in 200 ms.",
      },
    });
  });

  test("in order, as when its job ends, is no news", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1));
    const left = {
      type: "processExited",
      session: memberSessionId(1),
      job: j1,
      error: undefined,
      at: epochMs(1_000),
    } as const;
    expect(allAfter(state, left)).toEqual(["wakeAt 1200"]);
    expect(after(state, removed(j1))).toEqual([]);
    expect(after(state, tick(1_200))).toEqual([]);
  });

  test("begins anew with the first pause when it had run for long", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1, 0), down(1, j1, 10), tick(210), up(1, j1, 300), down(1, j1, 400));
    expect(state.members.get(executorId("e1"))?.processes.get(j1)).toMatchObject({ crashes: 2, restartAt: 800 });
    after(state, heartbeat(1, 60_000), tick(800), up(1, j1, 900), heartbeat(1, 61_000));
    after(state, down(1, j1, 60_900));
    expect(state.members.get(executorId("e1"))?.processes.get(j1)).toMatchObject({ crashes: 1, restartAt: 61_100 });
  });

  test("is not started again when its job is over meanwhile", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1), down(1, j1));
    expect(after(state, removed(j1))).toEqual([]);
    expect(after(state, tick(5_000))).toEqual([]);
  });
});

describe("an executor that was told to end", () => {
  test("gets no job any more, keeps those it has, and is not remembered when it has gone", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), up(1, j1));
    expect(after(state, leaving(1))).toEqual(["executorLeaving e1"]);
    expect(after(state, leaving(1))).toEqual([]);
    expect(after(state, added(j2))).toEqual([]);
    expect(state.members.get(executorId("e1"))?.processes.has(j1)).toBe(true);
    expect(after(state, closed(1))).toEqual(["executorLeft e1"]);
    expect(state.members.size).toBe(0);
  });

  test("does not get a process again that ends, nor one that waits to be started again", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), added(j2), up(1, j1), up(1, j2), down(1, j1), leaving(1));
    expect(after(state, tick(1_000))).toEqual([]);
    expect(after(state, down(1, j2))).toEqual([]);
    expect(after(state, tick(9_000))).toEqual([]);
  });

  test("and says nothing any more is lost like any other", () => {
    const state = cluster();
    after(state, hello(1, "e1"), leaving(1));
    expect(after(state, tick(10_000))).toEqual(["close 1", "executorLost e1"]);
  });

  test("comes back under its name as a new one", () => {
    const state = cluster();
    after(state, hello(1, "e1"), added(j1), leaving(1), closed(1));
    expect(after(state, hello(2, "e1"))).toEqual(["welcome 2", "executorJoined e1", "startJob j1 on 2"]);
  });
});

test("lost executors are forgotten beyond a bound, the longest lost first", () => {
  const state = cluster();
  for (let i = 0; i < LOST_KEPT_MAX + 5; i++) after(state, hello(i, `e${i}`, { at: i }), closed(i, i));
  expect(state.members.size).toBe(LOST_KEPT_MAX);
  expect(state.members.has(executorId("e4"))).toBe(false);
  expect(state.members.has(executorId("e5"))).toBe(true);
});

test.each(Array.from({ length: 100 }, (_, i) => i))(
  "whatever happens, every job has one process everywhere, seed %i",
  (seed) => {
    const rng = new SeededRng(seed);
    const state = cluster();
    let session = 0;
    let joined = 0;
    let now = 0;
    for (let i = 0; i < 300; i++) {
      now += rng.int(2_000);
      const some = rng.int(session + 1);
      const job = rng.next() < 0.5 ? j1 : j2;
      const events: readonly MembershipEvent[] = [
        hello(++session, `e${rng.int(4)}`, { at: now, jobs: rng.next() < 0.3 ? [job] : [] }),
        closed(some, now),
        heartbeat(some, now),
        { type: "leaving", session: memberSessionId(some), at: epochMs(now) },
        { type: "drainRequested", request: drainRequestId(i), executor: executorId(`e${rng.int(4)}`) },
        tick(now),
        rng.next() < 0.5 ? added(job) : removed(job),
        up(some, job, now),
        down(some, job, now),
      ];
      const event = events[rng.int(events.length)];
      if (event === undefined) continue;
      joined += after(state, event).filter((line) => line.startsWith("executorJoined")).length; // checks invariants
    }
    expect(joined).toBeGreaterThan(3);
  },
);
