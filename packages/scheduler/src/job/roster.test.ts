import { executorId, jobId, millis, type Rng, SeededRng } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { checkRoster, type Roster, readyMembers, roster, stepRoster } from "./roster.ts";
import { executorSessionId, type RosterEffect, type RosterEvent } from "./roster-events.ts";

const JOB = jobId("job-1");

const opened: RosterEvent = { type: "opened", timeout: millis(10_000), at: 0 };
const settle: RosterEvent = { type: "settle" };

const hello = (session: number, executor = `e${session}`, at = 0): RosterEvent => ({
  type: "hello",
  session: executorSessionId(session),
  executor: executorId(executor),
  protocol: 5,
  job: JOB,
  slots: 2,
  at,
});
const says = (type: "heard" | "ready" | "leaving" | "settled", session: number, at = 0): RosterEvent => ({
  type,
  session: executorSessionId(session),
  at,
});
const closed = (session: number, error?: Error): RosterEvent => ({
  type: "closed",
  session: executorSessionId(session),
  error,
});
const explained = (executor: string): RosterEvent => ({
  type: "explained",
  executor: executorId(executor),
  error: { name: "Error", message: "[OUT_OF_MEMORY] its process had no memory left" },
});
const unfit = (session: number): RosterEvent => ({
  type: "unfit",
  session: executorSessionId(session),
  error: { name: "Error", message: "[CHECKPOINT_NOT_SHARED] it does not see the directory" },
});
const tick = (at: number): RosterEvent => ({ type: "tick", at });

function words(effect: RosterEffect): string {
  switch (effect.type) {
    case "refuse":
      return `refuse ${effect.executor}: ${effect.error.code}`;
    case "welcome":
    case "executorReady":
    case "executorLeaving":
    case "executorUnfit":
      return `${effect.type} ${effect.executor}`;
    case "executorLost":
      return `lost ${effect.executor}${effect.wasReady ? "" : ", unknown"}: ${effect.error.message.split(/[.:,]/, 1)[0]}`;
    case "close":
    case "askToSettle":
      return `${effect.type} ${effect.session}`;
    case "warning":
      return `warn ${effect.warning.code} ${effect.warning.subject}`;
    case "wakeAt":
      return `wakeAt ${effect.at}`;
    default:
      return effect.type;
  }
}

function after(state: Roster, ...events: readonly RosterEvent[]): readonly string[] {
  let effects: readonly RosterEffect[] = [];
  for (const event of events) {
    effects = stepRoster(state, event);
    checkRoster(state);
  }
  return effects.map(words);
}

function open(...events: readonly RosterEvent[]): Roster {
  const state = roster({ job: JOB, protocol: 5 });
  after(state, opened, ...events);
  return state;
}

const GONE = "[EXECUTOR_LOST] executor e1 is gone";

describe("an executor comes", () => {
  test("before the job is built: it loads the job once that is there", () => {
    const state = roster({ job: JOB, protocol: 5 });
    expect(after(state, hello(1))).toEqual([]);
    expect(after(state, opened)).toEqual(["welcome e1", "wakeAt 2500"]);
    expect(after(state, says("ready", 1))).toEqual(["peersChanged", "executorReady e1"]);
  });

  test("and is refused when it speaks another protocol, or came for another job", () => {
    expect(after(open(), { ...helloOf(1), protocol: 4 })).toEqual(["refuse e1: PROTOCOL_MISMATCH"]);
    expect(after(open(), { ...helloOf(1), job: jobId("job-2") })).toEqual(["refuse e1: WRONG_JOB"]);
  });

  test("again: its old session is dead, whether or not its socket knows", () => {
    const state = open(hello(1, "e1"), says("ready", 1));
    expect(after(state, hello(2, "e1"))).toEqual([
      "warn EXECUTOR_LOST e1",
      "peersChanged",
      `lost e1: ${GONE}`,
      "close 1",
      "welcome e1",
    ]);
    expect(after(state, closed(1))).toEqual([]);
  });

  test("and cannot be used: it is sent away, and may come again", () => {
    const state = open(hello(1));
    expect(after(state, unfit(1))).toEqual(["executorUnfit e1", "close 1"]);
    expect(after(state, closed(1))).toEqual([]); // nobody knew of it
    expect(after(state, hello(2, "e1"), says("ready", 2))).toEqual(["peersChanged", "executorReady e1"]);
    expect(after(state, unfit(2))).toEqual([]); // too late: it has said that it can
  });

  test("after the end of the job, and is sent away", () => {
    expect(after(open({ type: "closedDown" }), hello(1))).toEqual(["close 1"]);
  });
});

const helloOf = (session: number) => {
  const event = hello(session);
  if (event.type !== "hello") throw new Error("a hello");
  return event;
};

describe("an executor goes", () => {
  test("and whoever knows why has told it before: that is the reason, told once", () => {
    const state = open(hello(1), says("ready", 1));
    expect(after(state, explained("e1"))).toEqual(["warn OUT_OF_MEMORY e1"]);
    expect(after(state, closed(1))).toEqual([
      "peersChanged",
      "lost e1: [OUT_OF_MEMORY] its process had no memory left",
    ]);
    after(state, hello(2, "e1"), says("ready", 2));
    expect(after(state, closed(2))).toEqual(["warn EXECUTOR_LOST e1", "peersChanged", `lost e1: ${GONE}`]);
  });

  test("as it was told to: that is no failure", () => {
    const state = open(hello(1), says("ready", 1));
    expect(after(state, says("leaving", 1))).toEqual(["executorLeaving e1"]);
    expect(after(state, closed(1))).toEqual([
      "peersChanged",
      "lost e1: [EXECUTOR_LOST] executor e1 was told to end and has left",
    ]);
  });

  test("while it loads the job: nobody knew of it", () => {
    expect(after(open(hello(1)), closed(1))).toEqual([`lost e1, unknown: ${GONE}`]);
  });
});

describe("an executor says nothing for executor.timeout", () => {
  const silent = "lost e1: [EXECUTOR_LOST] executor e1 sent nothing for executor";

  test("and is lost", () => {
    const state = open(hello(1), says("ready", 1));
    expect(after(state, tick(2_499))).toEqual(["wakeAt 2500"]); // an early timer is requested again
    expect(after(state, tick(2_500), tick(5_000), tick(7_500), tick(10_000))).toEqual(["wakeAt 12500"]);
    expect(after(state, tick(12_500))).toEqual([
      "warn EXECUTOR_LOST e1",
      "peersChanged",
      silent,
      "close 1",
      "wakeAt 15000",
    ]);
  });

  test("and is not lost because this process stood still, or all of them did", () => {
    const state = open(hello(1), says("ready", 1, 1_000));
    expect(after(state, tick(62_500))).toEqual(["wakeAt 65000"]);
    expect(after(state, says("heard", 1, 62_500), tick(65_000), tick(67_500), tick(70_000), tick(72_500))).toEqual([
      "wakeAt 75000",
    ]);
    expect(after(state, tick(75_000))).toContain(silent);
  });

  test("while it loads the job: it may take its time", () => {
    expect(after(open(hello(1)), tick(2_500), tick(60_000))).toEqual(["wakeAt 62500"]);
  });
});

describe("executors have settled", () => {
  test("when each has said so, or is gone", () => {
    const state = open(hello(1), says("ready", 1), hello(2), says("ready", 2), hello(3), says("ready", 3), hello(4));
    expect(after(state, settle)).toEqual(["askToSettle 1", "askToSettle 2", "askToSettle 3"]);
    expect(after(state, says("settled", 1), says("settled", 1))).toEqual([]);
    expect(after(state, closed(2))).not.toContain("allSettled");
    expect(after(state, says("settled", 3))).toEqual(["allSettled"]);
  });

  test("at once when there are none", () => {
    expect(after(open(), settle)).toEqual(["allSettled"]);
  });
});

/** @param newest The newest session so far. */
function anyEvent(rng: Rng, at: number, newest: number, next: () => number): RosterEvent {
  const session = Math.max(0, newest - rng.int(8));
  switch (rng.int(10)) {
    case 0:
    case 1:
      return hello(next(), `e${rng.int(5)}`, at);
    case 2:
    case 3:
      return says("ready", session, at);
    case 4:
      return says("heard", session, at);
    case 5:
      return says("leaving", session, at);
    case 6:
      return closed(session);
    case 7:
      return explained(`e${rng.int(5)}`);
    case 8:
      return unfit(session);
    default:
      return tick(at);
  }
}

test.each(Array.from({ length: 100 }, (_, seed) => seed))("what is told of executors is true, seed %i", (seed) => {
  const rng = new SeededRng(seed);
  const state = roster({ job: JOB, protocol: 5 });
  const ready = new Set<string>();
  let sessions = 0;
  let at = 0;
  let losses = 0;
  for (let step = 0; step < 300; step++) {
    at += rng.int(1_500);
    const event = step === 5 ? { ...opened, at } : anyEvent(rng, at, sessions - 1, () => sessions++);
    // Sessions come back under their numbers, which a shell never does.
    if (event.type === "hello" && state.members.has(event.session)) continue;
    for (const effect of stepRoster(state, event)) {
      if (effect.type === "executorReady") {
        expect(ready.has(effect.executor)).toBe(false);
        ready.add(effect.executor);
      } else if (effect.type === "executorLost" && effect.wasReady) {
        expect(ready.delete(effect.executor)).toBe(true);
        losses += 1;
      }
    }
    checkRoster(state);
    expect(
      readyMembers(state)
        .map(({ executor }) => executor)
        .sort(),
    ).toEqual([...ready].sort());
  }
  expect(losses).toBeGreaterThan(0);
});
