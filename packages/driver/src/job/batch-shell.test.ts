import { epochMs, ManualClock, millis, parseConf } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { BatchShell } from "./batch-shell.ts";

/** A job whose batches take no time, unless they hang, on a machine whose wall clock can be set. */
function job({ hangs = false } = {}) {
  const clock = new ManualClock(epochMs(1_000_000));
  const seen: string[] = [];
  const told: string[] = [];
  const delays: number[] = [];
  const waiting: number[] = [];
  const shell: BatchShell = new BatchShell(
    { conf: parseConf({}), batchIntervalMs: 1000, batches: undefined, polls: false, receivers: [], clock },
    {
      allocate: (time) => shell.onAllocated(time),
      run: (time) => {
        seen.push(`batch ${time - 1_000_000}`);
        if (!hangs) shell.onDone(time, { failed: [], inputs: [] });
      },
      cancel: () => {},
      over: () => {},
      awaitReceivers: () => {},
      stopReceivers: () => shell.onReceiversStopped(true),
      warn: ({ message }) => {
        told.push(message);
        seen.push(message.slice(0, message.indexOf(". ")));
      },
      warningOver: () => {},
      records: () => new Map(),
      spilledBytes: () => 0,
      report: ({ state, schedulingDelayMs, processingMs }) => {
        if (state === "completed") delays.push(schedulingDelayMs ?? -1, processingMs ?? -1);
      },
      waiting: (batches) => waiting.push(batches),
      observe: () => {},
      stopped: ({ kind }) => seen.push(kind),
    },
  );
  shell.start();
  return { clock, shell, seen, told, delays, waiting };
}

test("batches go on while the wall clock is an hour behind, and the job drains", () => {
  const { clock, shell, seen, delays } = job();
  clock.advance(millis(1000));
  clock.setWall(-3_600_000);
  clock.advance(millis(2000));
  shell.dispatch({ type: "stopRequested" });
  expect(seen).toEqual([
    "batch 1000",
    "[CLOCK_STEPPED] the machine's clock was set back by 60 min 0 s",
    "batch 2000",
    "batch 3000",
    "batch 4000", // for what the receivers had left, at once
    "finished",
  ]);
  expect(delays).toEqual(new Array(8).fill(0));
});

test("a step forward that undoes one back says that all is in step again", () => {
  const { clock, told } = job();
  clock.advance(millis(1000));
  clock.setWall(-3_600_000);
  clock.advance(millis(1000));
  clock.setWall(3_600_000 - 100);
  clock.advance(millis(1000));
  expect(told.at(-1)).toMatch(/was set forward by .*\. Batch times are in step with it again: they differ by 100 ms/);
});

test("an hour forward brings no storm of batches", () => {
  const { clock, seen } = job();
  clock.setWall(3_600_000);
  clock.advance(millis(3000));
  expect(seen).toEqual([
    "[CLOCK_STEPPED] the machine's clock was set forward by 60 min 0 s, or the machine slept",
    ...[1, 2, 3, 4, 5, 6].map((n) => `batch ${n}000`),
  ]);
});

describe("a batch that hangs", () => {
  test("is named while it runs, though no other begins", () => {
    const { clock, seen } = job({ hangs: true });
    clock.advance(millis(10_999));
    expect(seen).toEqual(["batch 1000"]);
    clock.advance(millis(1));
    expect(seen.slice(1)).toEqual([
      expect.stringMatching(
        /^\[JOB_BEHIND\] batch 1970-01-01T00:16:41\.000Z has been running for 10 s, .* \d+ wait for it$/,
      ),
    ]);
  });

  test("and is cut is named no more", () => {
    const { clock, shell, seen } = job({ hangs: true });
    clock.advance(millis(5_000));
    shell.dispatch({ type: "stopNow" });
    clock.advance(millis(60_000));
    expect(seen.filter((line) => line.includes("JOB_BEHIND"))).toEqual([]);
  });
});

describe("batches that wait", () => {
  test("are none while each is over before the next, and nothing is told", () => {
    const { clock, waiting } = job();
    clock.advance(millis(3000));
    expect(waiting).toEqual([]);
  });

  test("are those behind the one that runs, wherever the wall clock stands", () => {
    const { clock, shell, waiting } = job({ hangs: true });
    clock.advance(millis(3000));
    expect(waiting).toEqual([1, 2]);
    clock.setWall(-3_600_000);
    clock.advance(millis(1000));
    clock.setWall(7_200_000);
    clock.advance(millis(1000));
    expect(waiting).toEqual([1, 2, 3, 4]);
    shell.onDone(epochMs(1_001_000), { failed: [], inputs: [] });
    expect(waiting).toEqual([1, 2, 3, 4, 3]);
    shell.dispatch({ type: "stopNow" });
    expect(waiting.at(-1)).toBe(0);
  });
});
