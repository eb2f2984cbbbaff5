import { epochMs, millis } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { StagedFiles } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { RefusedOutput } from "./batch-events.ts";
import {
  after,
  allAfter,
  allocated,
  committed,
  error,
  fixed,
  generator,
  outputsDone,
  started,
  statesAt,
  stopNow,
  tick,
} from "./batch-script.fixture.ts";
import type { BatchGenerator, BatchSettings } from "./batch-state.ts";

describe("a commit", () => {
  const staged = (name: string): StagedFiles => ({
    kind: "files",
    output: { id: 0, name, label: `save of ${name}` },
    staging: locationFrom(`/out/.${name}`),
    directory: locationFrom(`/out/${name}`),
    files: [],
  });
  const [a, b] = [staged("a"), staged("b")];
  const refused = (output: StagedFiles, retry: "never" | "same-task" = "same-task"): RefusedOutput => ({
    prepared: output,
    error: {
      name: "Error",
      message: `no ${output.output.name}`,
      kind: { code: "REFUSED", blame: "environment", retry },
    },
  });
  const running = (settings: Partial<BatchSettings> = {}): BatchGenerator => {
    const state = generator(settings);
    after(state, started(0), tick(200), allocated(100), allocated(200), fixed(100)); // 100 runs, 200 waits
    return state;
  };

  test("follows when all outputs are done, and the next batch follows it", () => {
    const state = running();
    expect(allAfter(state, outputsDone(100, { outputs: [a, b] }))).toEqual(["commit 100 a b"]);
    expect(allAfter(state, committed(100))).toEqual(["batchEnded 100", "fixInput 200"]);
  });

  test("carries the versions of the states that the batch brought up; others stay, and the next batch builds on all", () => {
    const state = running();
    after(
      state,
      outputsDone(100, { states: statesAt(100, "totals", "seen") }),
      committed(100),
      fixed(200),
      outputsDone(200, { states: statesAt(200, "totals") }),
    );
    expect(state.committed).toEqual({
      last: 100,
      states: statesAt(100, "totals", "seen"),
    });
    after(state, committed(200));
    expect(state.committed).toEqual({
      last: 200,
      states: new Map([...statesAt(200, "totals"), ...statesAt(100, "seen")]),
    });
  });

  test("is not made of a batch that failed under the policy stop: nothing of it stands", () => {
    const state = running();
    expect(allAfter(state, outputsDone(100, { states: statesAt(100, "totals"), outputs: [a] }, error))).toEqual([
      "discard a",
      "batchEnded 100: boom",
      "cancelTimer",
      "batchesEnded failed",
    ]);
    expect(state.committed.states.size).toBe(0);
  });

  test("of a batch that failed under the policy continue makes stand what succeeded", () => {
    const state = running({ onFailure: "continue" });
    expect(allAfter(state, outputsDone(100, { states: statesAt(100, "totals"), outputs: [b] }, error))).toEqual([
      "commit 100 b",
    ]);
    expect(allAfter(state, committed(100))).toEqual(["batchEnded 100: boom", "fixInput 200"]);
    expect(state.committed).toEqual({ last: 100, states: statesAt(100, "totals") });
  });

  test("that is refused is tried again after a pause, the refused outputs alone", () => {
    const state = running();
    after(state, outputsDone(100, { outputs: [a, b] }));
    expect(allAfter(state, committed(100, [refused(b)]))).toEqual(["commitAfter 100"]);
    expect(allAfter(state, { type: "commitDue", time: epochMs(100) })).toEqual(["commit 100 b"]);
    expect(allAfter(state, { type: "commitDue", time: epochMs(100) })).toEqual([]); // twice does no harm
    expect(allAfter(state, committed(100))).toEqual(["batchEnded 100", "fixInput 200"]);
  });

  test("that is refused again and again fails the batch, and the job under the policy stop", () => {
    const state = running({ retryDelay: { min: millis(0), max: millis(0) } });
    expect(
      allAfter(
        state,
        outputsDone(100, { states: statesAt(100, "totals"), outputs: [a, b] }),
        committed(100, [refused(b)]),
      ),
    ).toEqual(["commit 100 b"]);
    expect(allAfter(state, committed(100, [refused(b)]))).toEqual(["commit 100 b"]);
    expect(allAfter(state, committed(100, [refused(b)]))).toEqual([
      "discard b",
      "batchEnded 100: no b",
      "cancelTimer",
      "batchesEnded failed",
    ]);
    expect(state.end).toMatchObject({ kind: "failed", time: 100, error: { message: "no b" } });
  });

  test("under the policy continue goes on with what was not refused", () => {
    const state = running({ onFailure: "continue" });
    after(state, outputsDone(100, { states: statesAt(100, "totals"), outputs: [a, b] }));
    expect(allAfter(state, committed(100, [refused(a, "never")]))).toEqual([
      "discard a",
      "batchEnded 100: no a",
      "fixInput 200",
    ]);
    expect(state.committed.states).toEqual(statesAt(100, "totals"));
  });

  test("is not cut off by an immediate stop, which waits for it", () => {
    const state = running();
    after(state, outputsDone(100, { outputs: [a] }));
    expect(allAfter(state, stopNow)).toEqual([]);
    expect(allAfter(state, committed(100))).toEqual(["batchEnded 100", "cancelTimer", "batchesEnded killed"]);
    expect(state.end).toMatchObject({ cutOff: undefined, notRun: 1 });
  });

  test("is not tried again after an immediate stop, whether it comes before the answer or in the pause", () => {
    for (const events of [
      [stopNow, committed(100, [refused(a)])],
      [committed(100, [refused(a)]), stopNow],
    ]) {
      const state = running({ onFailure: "continue" });
      after(state, outputsDone(100, { outputs: [a] }));
      expect(allAfter(state, events).filter((words) => words !== "commitAfter 100")).toEqual([
        "discard a",
        "batchEnded 100: no a",
        "cancelTimer",
        "batchesEnded killed",
      ]);
    }
  });

  test("does not follow the late end of a batch that was cancelled: what it staged is removed", () => {
    const state = running();
    expect(allAfter(state, stopNow)).toEqual(["cancelBatch 100", "cancelTimer", "batchesEnded killed"]);
    expect(allAfter(state, outputsDone(100, { outputs: [a] }))).toEqual(["discard a"]);
  });
});
