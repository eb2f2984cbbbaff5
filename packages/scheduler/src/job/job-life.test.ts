import { readFileSync, writeFileSync } from "node:fs";
import { epochMs, executorId, millis, type Rng, SeededRng } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { CutReason, JobEnd, ReceivedLoss } from "./job-end.ts";
import { checkJobLife, type JobLife, type JobPhase, jobLife, stepJobLife } from "./job-life.ts";
import type { JobLifeEffect, JobLifeEvent } from "./job-life-events.ts";

const NOTHING = { blocks: 0, records: 0 };
const NO_LOSS: ReceivedLoss = { unprocessed: NOTHING, lost: NOTHING, cutOff: [] };
const ERROR = { name: "Error", message: "a defect" };

const built = (at = 0, parallelism = 0): JobLifeEvent => ({
  type: "built",
  settings: { stopTimeout: millis(60_000), parallelism, resumes: false },
  at,
});
const ready = (executors: number, at: number): JobLifeEvent => ({
  type: "executors",
  ready: executors,
  slots: 2 * executors,
  at,
});
const unfit: JobLifeEvent = { type: "executorUnfit", executor: executorId("e2"), error: ERROR };
const drain = (at: number): JobLifeEvent => ({ type: "stopRequested", how: { graceful: true }, at });
const kill = (at: number, reason: CutReason = { kind: "operator" }): JobLifeEvent => ({
  type: "stopRequested",
  how: { graceful: false, reason },
  at,
});
const finished = (at: number): JobLifeEvent => ({
  type: "batchesEnded",
  end: { kind: "finished", bounded: false },
  received: NO_LOSS,
  busy: false,
  at,
});
const failedBatch = (at: number): JobLifeEvent => ({
  type: "batchesEnded",
  end: { kind: "failed", time: epochMs(1000), error: { name: "Error", message: "a batch failed" } },
  received: NO_LOSS,
  busy: false,
  at,
});
/** @param busy The job's thread still works on it, or discards what a commit has refused. */
const cutOff = (at: number, busy = false): JobLifeEvent => ({
  type: "batchesEnded",
  end: { kind: "killed", cutOff: busy ? epochMs(1_000) : undefined, notRun: 1, unread: false },
  received: NO_LOSS,
  busy,
  at,
});
const idle: JobLifeEvent = { type: "threadIdle" };
const told = (at: number, goesOn = false): JobLifeEvent => ({ type: "told", goesOn, at });
const left = (at: number, error?: string): JobLifeEvent => ({ type: "left", error, at });
const tick = (at: number): JobLifeEvent => ({ type: "tick", at });
const awaited = (at: number): JobLifeEvent => ({ type: "receiversAwaited", at });
const settled: JobLifeEvent = { type: "settled" };
const failed: JobLifeEvent = { type: "failed", error: ERROR };

const newJob = (executors = 1): JobLife => jobLife({ executors, gather: millis(10_000), parallelismMin: 2 });

function words(effect: JobLifeEffect): string {
  switch (effect.type) {
    case "warning":
      return `warn ${effect.warning.code}`;
    case "warningOver":
      return `over ${effect.subject}`;
    case "startBatches":
      return `startBatches on ${effect.executors}, parallelism ${effect.parallelism}`;
    case "tellEnd":
      return `tellEnd ${effect.end.state}`;
    case "wakeAt":
      return `wakeAt ${effect.at}`;
    case "ended":
      return `ended ${endWords(effect.end)}`;
    default:
      return effect.type;
  }
}

const endWords = (end: JobEnd): string =>
  end.state === "finished" ? "finished" : `${end.state}: ${end.error.message.split(/[.,:]/, 1)[0]}`;

/** Steps through the events; what the last one caused, in words. */
function after(state: JobLife, ...events: readonly JobLifeEvent[]): readonly string[] {
  let effects: readonly JobLifeEffect[] = [];
  for (const event of events) {
    effects = stepJobLife(state, event);
    checkJobLife(state);
  }
  return effects.map(words);
}

function job(...events: readonly JobLifeEvent[]): JobLife {
  const state = newJob();
  after(state, ...events);
  return state;
}

const running = (): JobLife => job(built(), ready(1, 0));

describe("a job that waits for executors", () => {
  test("begins once all that are expected are ready", () => {
    const state = newJob(2);
    expect(after(state, built())).toEqual(["wakeAt 5000"]);
    expect(after(state, ready(1, 1_000))).toEqual(["wakeAt 11000"]);
    expect(after(state, ready(2, 2_000))).toEqual(["startBatches on 2, parallelism 4", "cancelWake"]);
  });

  test("begins with those that are there when it has waited long enough", () => {
    const state = newJob(3);
    after(state, built(), ready(1, 1_000), ready(2, 9_000));
    expect(after(state, tick(10_999))).toEqual(["wakeAt 11000"]); // a timer that fires early is requested again
    expect(after(state, tick(11_000))).toEqual(["startBatches on 2, parallelism 4"]);
  });

  test("does not begin with none: it waits anew when the last one was lost", () => {
    const state = newJob(2);
    after(state, built(), ready(1, 1_000));
    expect(after(state, ready(0, 2_000))).toEqual(["wakeAt 7000"]);
    expect(after(state, tick(11_000))).toEqual(["warn NO_EXECUTORS"]);
    expect(after(state, ready(1, 20_000))).toEqual(["over job", "wakeAt 30000"]);
  });

  test("says so after five seconds, once, and goes on when one comes", () => {
    const state = newJob();
    after(state, built());
    expect(after(state, tick(5_000))).toEqual(["warn NO_EXECUTORS"]);
    expect(after(state, tick(60_000))).toEqual([]);
    expect(after(state, ready(1, 61_000))).toEqual(["over job", "startBatches on 1, parallelism 2"]);
  });

  test("takes the parallelism of the settings, or that of the slots, but no less than a cluster has", () => {
    expect(after(newJob(), built(0, 7), ready(1, 0))).toContain("startBatches on 1, parallelism 7");
    const one: JobLifeEvent = { type: "executors", ready: 1, slots: 1, at: 0 };
    expect(after(newJob(), built(), one)).toContain("startBatches on 1, parallelism 2");
  });

  test("ends when it is asked to: well when it asks itself, or an operator can wait", () => {
    expect(after(newJob(), drain(0))).toEqual(["ended finished"]);
    expect(after(newJob(), kill(0, { kind: "job" }))).toEqual(["ended finished"]);
    expect(after(newJob(), kill(0))).toEqual(["ended killed: [JOB_STOPPED] the job was ended at once"]);
    expect(after(job(built()), kill(0))).toEqual([
      "cancelWake",
      "ended killed: [JOB_STOPPED] the job was ended at once",
    ]);
  });
});

describe("a drain", () => {
  test("begins once, and has stop.timeout from then on", () => {
    const state = running();
    expect(after(state, drain(1_000))).toEqual(["stopBatches", "wakeAt 61000"]);
    expect(after(state, drain(2_000))).toEqual([]);
    expect(after(state, tick(61_000))).toEqual(["cutBatches", "wakeAt 65000"]);
    expect(after(state, kill(62_000))).toEqual([]);
  });

  test("begins by itself when the receivers alone are left", () => {
    const state = running();
    expect(after(state, awaited(1_000))).toEqual(["stopBatches", "wakeAt 61000"]);
    after(state, tick(61_000));
    expect(after(state, finished(61_000))).toEqual(["warn RECEIVERS_CUT_OFF", "tellEnd finished", "wakeAt 62000"]);
  });

  test("without an executor is given up, unless one comes in time", () => {
    const state = job(built(), ready(1, 0), ready(0, 1));
    expect(after(state, drain(10))).toEqual(["stopBatches", "wakeAt 5010"]);
    expect(after(state, ready(1, 4_000))).toEqual(["wakeAt 60010"]);
    expect(after(state, ready(0, 10_000))).toEqual(["wakeAt 15000"]);
    expect(after(state, tick(15_000))).toEqual(["cutBatches", "wakeAt 19000"]);
    expect(after(state, cutOff(15_000))).toEqual([
      "cancelWake",
      "ended killed: [JOB_STOPPED] the job was draining and had no executor for 5 s",
    ]);
  });

  test("that is over leaves the rest of its time to code of the job, a second at least", () => {
    expect(after(job(built(), ready(1, 0), drain(0)), finished(20_000))).toEqual(["tellEnd finished"]); // its timer stays
    expect(after(job(built(), ready(1, 0), drain(0)), finished(59_900))).toEqual(["tellEnd finished", "wakeAt 60900"]);
  });

  test("is cut short by an operator", () => {
    const state = job(built(), ready(1, 0), drain(0));
    expect(after(state, kill(1))).toEqual(["cutBatches", "wakeAt 4001"]);
    expect(after(state, cutOff(1))).toEqual(["cancelWake", "ended killed: [JOB_STOPPED] the job was ended at once"]);
  });
});

describe("a job that runs", () => {
  test("has all of stop.timeout for its end when nobody asked to stop", () => {
    expect(after(running(), finished(1_000_000))).toEqual(["tellEnd finished", "wakeAt 1060000"]);
  });

  test("ends when its thread has taken back what was begun", () => {
    const state = running();
    expect(after(state, kill(5))).toEqual(["cutBatches", "wakeAt 4005"]);
    expect(after(state, idle)).toEqual([]); // of a commit
    expect(after(state, cutOff(5, true))).toEqual(["wakeAt 1005"]);
    expect(after(state, idle)).toEqual(["cancelWake", "ended killed: [JOB_STOPPED] the job was ended at once"]);
  });

  test("does not wait for ever for a commit that was under way", () => {
    const state = job(built(), ready(1, 0), kill(5));
    expect(after(state, tick(4_004))).toEqual(["wakeAt 4005"]);
    const [ended] = stepJobLife(state, tick(4_005));
    expect(ended).toMatchObject({ type: "ended", end: { state: "killed" } });
    expect(JSON.stringify(ended)).toMatch(/A commit was in progress and did not finish within 4 s/);
    expect(after(state, cutOff(9_000))).toEqual([]);
  });

  test("or a second after", () => {
    const state = job(built(), ready(1, 0), kill(5), cutOff(5, true));
    expect(after(state, tick(1_005))).toEqual(["ended killed: [JOB_STOPPED] the job was ended at once"]);
    expect(after(state, idle, failed)).toEqual([]);
  });

  test("fails with its thread, or with an executor that cannot go on", () => {
    expect(after(running(), failed)).toEqual(["ended failed: a defect"]);
  });
});

describe("between the last batch and the end", () => {
  const telling = (): JobLife => job(built(), ready(1, 0), finished(0));

  test("code of the job on the driver is told, then that on executors may finish", () => {
    const state = telling();
    expect(after(state, told(100))).toEqual(["settle", "wakeAt 1100"]);
    expect(after(state, settled)).toEqual(["cancelWake", "ended finished"]);
  });

  test("which has a second at most", () => {
    expect(after(telling(), told(100), tick(1_100))).toEqual(["ended finished"]);
  });

  test("code that goes on is let go on until nothing is left of it, or for a second", () => {
    const state = telling();
    expect(after(state, told(0, true))).toEqual(["leave", "wakeAt 1000"]);
    expect(after(state, left(500))).toEqual(["settle", "wakeAt 1500"]);
    expect(after(telling(), told(0, true), tick(1_000))).toEqual(["settle", "wakeAt 2000"]);
  });

  test("code that does not answer is cut short, and the operator is told; a late answer changes nothing", () => {
    const state = telling();
    expect(after(state, tick(60_000))).toEqual(["warn JOB_CODE_CUT_OFF", "settle", "wakeAt 61000"]);
    expect(after(state, told(60_500, true))).toEqual([]);
    expect(after(state, tick(61_000))).toEqual(["ended finished"]);
  });

  test("an error that nothing catches then is told, unless the job had failed anyway", () => {
    expect(after(telling(), told(0, true), left(1, "closed twice"))).toContain("warn JOB_CODE_FAILED_LATE");
    expect(after(telling(), told(0, true), tick(1_000), left(1_001, "closed twice"))).toEqual([
      "warn JOB_CODE_FAILED_LATE",
    ]);
    const bad = job(built(), ready(1, 0), failedBatch(0));
    expect(after(bad, told(0, true), left(1, "closed twice"))).toEqual(["settle", "wakeAt 1001"]);
  });

  test("a second stop cuts it short, and the job ends as it would have", () => {
    expect(after(telling(), drain(1))).toEqual([]);
    expect(after(telling(), kill(1))).toEqual(["cancelWake", "ended finished"]);
  });

  test("a lost thread fails a job that seemed well, and leaves a known failure as it is", () => {
    expect(after(telling(), failed)).toEqual(["cancelWake", "ended failed: a defect"]);
    expect(after(job(built(), ready(1, 0), failedBatch(0)), failed)).toEqual([
      "cancelWake",
      "ended failed: a batch failed",
    ]);
  });
});

/** A way into each phase; all of them at time 100 000 at the latest. */
const PHASES: Readonly<Record<JobPhase["name"], readonly JobLifeEvent[]>> = {
  building: [],
  gathering: [built(100_000)],
  running: [built(0), ready(1, 0)],
  draining: [built(0), ready(1, 0), drain(100_000)],
  cutting: [built(0), ready(1, 0), kill(100_000)],
  unwinding: [built(0), ready(1, 0), kill(100_000), cutOff(100_000, true)],
  telling: [built(0), ready(1, 0), finished(100_000)],
  leaving: [built(0), ready(1, 0), finished(100_000), told(100_000, true)],
  settling: [built(0), ready(1, 0), finished(100_000), told(100_000)],
  ended: [failed],
};

const EVENTS: readonly (readonly [string, JobLifeEvent])[] = [
  ["built", built(100_500)],
  ["failed", failed],
  ["one executor", ready(1, 100_500)],
  ["no executor", ready(0, 100_500)],
  ["unfit executor", unfit],
  ["stop", drain(100_500)],
  ["kill", kill(100_500)],
  ["ssc.stop()", kill(100_500, { kind: "job" })],
  ["receivers awaited", awaited(100_500)],
  ["batches finished", finished(100_500)],
  ["batch failed", failedBatch(100_500)],
  ["batches cut off", cutOff(100_500, true)],
  ["nothing cut off", cutOff(100_500)],
  ["thread idle", idle],
  ["told", told(100_500)],
  ["told, goes on", told(100_500, true)],
  ["left", left(100_500)],
  ["left by error", left(100_500, "closed twice")],
  ["settled", settled],
  ["early tick", tick(100_001)],
  ["late tick", tick(1_000_000)],
];

const TABLE = new URL("../../testdata/job/life.txt", import.meta.url);

test("every event in every phase does what the table says", () => {
  const lines = Object.entries(PHASES).flatMap(([name, way]) => [
    name,
    ...EVENTS.map(([what, event]) => {
      const state = newJob();
      after(state, ...way);
      expect(state.phase.name).toBe(name);
      try {
        const effects = after(state, event);
        return `  ${what.padEnd(18)}${state.phase.name === name ? "" : `▶ ${state.phase.name}`.padEnd(12)}${effects.join(", ") || (state.phase.name === name ? "-" : "")}`;
      } catch {
        return `  ${what.padEnd(18)}cannot be`;
      }
    }),
    "",
  ]);
  const table = lines.map((line) => `${line.trimEnd()}\n`).join("");
  if (process.env.UPDATE_TRANSCRIPTS === "1") writeFileSync(TABLE, table);
  expect(table).toBe(readFileSync(TABLE, "utf8"));
});

/** Events that end a job soon are rare, so that walks get far. */
const ENDS: ReadonlySet<string> = new Set([
  "failed",
  "unfit executor",
  "stop",
  "kill",
  "ssc.stop()",
  "batch failed",
  "batches cut off",
  "nothing cut off",
]);

/** Chance that sends a job whatever may come; answers come late, twice or never. */
function* chances(rng: Rng): Generator<JobLifeEvent> {
  let at = 0;
  let isBuilt = false;
  for (;;) {
    at += rng.int(3_000);
    const pick = EVENTS[rng.int(EVENTS.length)];
    if (pick === undefined) return;
    const [what, event] = pick;
    if (what === "built" && isBuilt) continue;
    if (ENDS.has(what) && rng.int(8) > 0) continue;
    isBuilt ||= what === "built";
    yield "at" in event ? { ...event, at } : event;
  }
}

/** Walks with a seed until the job is over. */
function walk(seed: number): { readonly effects: readonly JobLifeEffect[]; readonly phases: ReadonlySet<string> } {
  const state = newJob(1 + (seed % 3));
  const effects: JobLifeEffect[] = [];
  const phases = new Set<string>();
  const step = (event: JobLifeEvent): void => {
    effects.push(...stepJobLife(state, event));
    checkJobLife(state);
    phases.add(state.phase.name);
  };
  let steps = 0;
  for (const event of chances(new SeededRng(seed))) {
    step(event);
    if (++steps === 400) break;
  }
  for (let at = 10_000_000; state.phase.name !== "ended" && state.wakeAt !== undefined; at += 100_000) {
    step(tick(at));
  }
  if (state.phase.name !== "ended") step(failed); // it still waits for executors, or runs
  return { effects, phases };
}

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

test.each(SEEDS)("a job ends once whatever comes, seed %i", (seed) => {
  const { effects } = walk(seed);
  const count = (type: JobLifeEffect["type"]): number => effects.filter((effect) => effect.type === type).length;
  expect(count("ended")).toBe(1);
  expect(effects.at(-1)?.type).toBe("ended");
  expect(count("startBatches")).toBeLessThanOrEqual(1);
  expect(count("tellEnd")).toBeLessThanOrEqual(1);
});

test("all walks together pass through every phase", () => {
  const reached = new Set(SEEDS.flatMap((seed) => [...walk(seed).phases]));
  expect([...reached].sort()).toEqual(Object.keys(PHASES).sort());
});
