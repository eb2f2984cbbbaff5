import { epochMs, ManualClock, millis, parseConf } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { PreparedBatch, StagedFiles } from "@millrace/plan";
import type { RefusedOutput } from "@millrace/scheduler";
import { describe, expect, test } from "vitest";
import type { WireBatchOutcome } from "./batch-failure.ts";
import { BatchShell } from "./batch-shell.ts";

const NOTHING: PreparedBatch = { states: new Map(), outputs: [] };
const DONE: WireBatchOutcome = { failed: [], inputs: [], prepared: NOTHING };
interface JobOptions {
  readonly hangs?: boolean;
  readonly conf?: Readonly<Record<string, string | number>>;
  readonly prepared?: PreparedBatch;
}

/** A job whose batches take no time, unless they hang, on a machine with a settable wall clock. */
function job({ hangs = false, conf = {}, prepared = NOTHING }: JobOptions = {}) {
  const clock = new ManualClock(epochMs(1_000_000));
  const seen: string[] = [];
  const told: string[] = [];
  const delays: number[] = [];
  const waiting: number[] = [];
  const ended: number[] = [];
  const files: string[] = [];
  const shell: BatchShell = new BatchShell(
    { conf: parseConf(conf), batchIntervalMs: 1000, batches: undefined, polls: false, receivers: [], clock },
    {
      begin: () => {},
      changed: () => {},
      allocate: (time) => shell.onAllocated(time),
      fixInput: (time) => shell.onInputFixed(time, false),
      runBatch: (time) => {
        seen.push(`batch ${time - 1_000_000}`);
        if (!hangs) shell.onOutputsDone(time, { ...DONE, prepared });
      },
      cancelBatch: () => {},
      commit: (_, outputs) => files.push(`commit ${outputs.map(({ output }) => output.label).join(", ")}`),
      discard: (_, outputs) => files.push(`discard ${outputs.map(({ output }) => output.label).join(", ")}`),
      batchEnded: (time) => ended.push(time - 1_000_000),
      awaitReceivers: () => {},
      stopReceivers: () => shell.onReceiversStopped(true),
      warn: ({ message }) => {
        told.push(message);
        seen.push(message.slice(0, message.indexOf(". ")));
      },
      warningOver: () => {},
      records: () => new Map(),
      figures: () => ({ tasks: 0, taskMs: 0, recordsRead: 0, spilledBytes: 0 }),
      report: ({ state, schedulingDelayMs, processingMs }) => {
        if (state === "completed") delays.push(schedulingDelayMs ?? -1, processingMs ?? -1);
      },
      waiting: (batches) => waiting.push(batches),
      observe: () => {},
      batchesEnded: ({ kind }) => seen.push(kind),
    },
  );
  shell.start();
  return { clock, shell, seen, told, delays, waiting, ended, files };
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
    shell.onOutputsDone(epochMs(1_001_000), DONE);
    expect(waiting).toEqual([1, 2, 3, 4, 3]);
    shell.dispatch({ type: "stopNow" });
    expect(waiting.at(-1)).toBe(0);
  });
});

describe("the commit of a batch", () => {
  const staged = (name: string): StagedFiles => ({
    kind: "files",
    output: { id: 0, name, label: `save of ${name}` },
    staging: locationFrom(`/out/.${name}`),
    directory: locationFrom(`/out/${name}`),
    files: [],
  });
  const [a, b] = [staged("a"), staged("b")];
  const prepared: PreparedBatch = { states: new Map(), outputs: [a, b] };
  const refusedB: RefusedOutput = { prepared: b, error: { name: "Error", message: "the disk is away" } };
  const FIRST = epochMs(1_001_000);

  test("follows its outputs, and the batch ends with the answer", () => {
    const { clock, shell, ended, told, files } = job({ prepared });
    clock.advance(millis(1000));
    expect([files, ended]).toEqual([["commit save of a, save of b"], []]);
    shell.onCommitted(FIRST, []);
    expect([ended, told]).toEqual([[1000], []]);
  });

  test("asks nobody when the batch has staged nothing", () => {
    const { clock, ended, files } = job();
    clock.advance(millis(1000));
    expect([files, ended]).toEqual([[], [1000]]);
  });

  test("tries again after a pause what was refused, and only that", () => {
    const { clock, shell, ended, told, files } = job({ prepared });
    clock.advance(millis(1000));
    shell.onCommitted(FIRST, [refusedB]);
    expect([files.length, ended]).toEqual([1, []]);
    clock.advance(millis(500)); // task.retry.delay.min
    expect(files.slice(1)).toEqual(["commit save of b"]);
    shell.onCommitted(FIRST, []);
    expect([ended, told]).toEqual([[1000], []]);
  });

  test("that is refused for good is a failed batch, which names the output, and what it staged is removed", () => {
    const conf = { "task.retry.delay.min": 0, "batch.failure": "continue" };
    const { clock, shell, ended, told, seen, files } = job({ prepared, conf });
    clock.advance(millis(1000));
    for (let i = 0; i < 4; i++) shell.onCommitted(FIRST, [refusedB]);
    expect(files).toEqual([
      "commit save of a, save of b",
      ...new Array(3).fill("commit save of b"),
      "discard save of b",
    ]);
    expect(told).toEqual([
      expect.stringMatching(/^\[BATCH_FAILED\] batch \S+ failed: save of b: Error: the disk is away\./),
    ]);
    expect([ended, seen.includes("failed")]).toEqual([[1000], false]);
  });

  test("of a batch that is cut off is none: what comes late is removed", () => {
    const { clock, shell, ended, files } = job({ hangs: true });
    clock.advance(millis(1000));
    shell.dispatch({ type: "stopNow" });
    shell.onOutputsDone(FIRST, { ...DONE, prepared });
    expect([files, ended]).toEqual([["discard save of a, save of b"], []]);
  });
});
