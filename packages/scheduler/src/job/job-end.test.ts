import { epochMs, executorId, millis, SeededRng, streamId } from "@millrace/base";
import { blockId } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { BatchesEnd } from "../batches/batch-events.ts";
import type { ReceiverEvent } from "../receivers/receiver-events.ts";
import { receiverTracker } from "../receivers/receiver-state.ts";
import { stepReceivers } from "../receivers/receiver-tracker.ts";
import { type CutReason, endBeforeBatches, endOfJob, type ReceivedLoss, receivedLoss } from "./job-end.ts";

const drained: BatchesEnd = { kind: "finished", bounded: false };
const bounded: BatchesEnd = { kind: "finished", bounded: true };
const idle: BatchesEnd = { kind: "killed", cutOff: undefined, notRun: 0, unread: false };
const cut: BatchesEnd = { kind: "killed", cutOff: epochMs(1_000), notRun: 3, unread: true };
const timeout: CutReason = { kind: "timeout", limit: millis(3_000) };
const some = { blocks: 2, records: 80 };

const NOTHING = { blocks: 0, records: 0 };
const NO_RECEIVED_LOSS: ReceivedLoss = { unprocessed: NOTHING, lost: NOTHING, cutOff: [] };

const messageOf = (batches: BatchesEnd, asked?: CutReason, received = NO_RECEIVED_LOSS): string => {
  const end = endOfJob(batches, asked, received);
  return end.state === "finished" ? "finished" : `${end.state}: ${end.error.message}`;
};

describe("a job has finished", () => {
  test("when it drained, or its number of batches is done", () => {
    expect(messageOf(drained)).toBe("finished");
    expect(messageOf(bounded)).toBe("finished");
  });

  test("though something came in after the last batch that it was to do, or receivers did not stop then", () => {
    expect(messageOf(bounded, timeout, { unprocessed: some, lost: some, cutOff: ["lines"] })).toBe("finished");
  });

  test("when it ended itself at once and had nothing left to do", () => {
    expect(messageOf(idle, { kind: "job" })).toBe("finished");
  });
});

describe("a job was killed", () => {
  test("when batches were cut off or did not run: it says which, how many, and the remedy", () => {
    expect(messageOf(cut, timeout, { ...NO_RECEIVED_LOSS, unprocessed: some })).toBe(
      "killed: [JOB_STOPPED] the job did not drain within stop.timeout = 3 s and was ended at once. " +
        "Batch 1000 (1970-01-01T00:00:01.000Z) was cut off, 3 batches that waited did not run, " +
        "files and other input that appeared since the last batch were not read and " +
        "80 records in 2 blocks were received but not processed. Raise stop.timeout to give it longer.",
    );
  });

  test("when it drained, and executors took with them what they held", () => {
    expect(
      messageOf(drained, undefined, { ...NO_RECEIVED_LOSS, lost: { blocks: 1, records: 1 }, cutOff: ["a"] }),
    ).toMatch(
      /^killed: .*1 record in 1 block were lost with their executors and receiver a did not hand over its data/,
    );
  });

  test("when an operator wanted it so, also with nothing to lose", () => {
    expect(messageOf(idle, { kind: "operator" })).toMatch(
      /as asked\. No batch was cut off, and no received data is lost/,
    );
    expect(endBeforeBatches({ kind: "operator" })).toMatchObject({ state: "killed" });
  });

  test.each<[CutReason, RegExp]>([
    [{ kind: "alone", limit: millis(5_000) }, /had no executor for 5 s/],
    [{ kind: "grace", limit: millis(25_000) }, /--grace = 25 s/],
    [{ kind: "job" }, /by ssc\.stop\(\)\. .* ssc\.stop\(\{ graceful: true \}\)/],
  ])("and says why: %o", (reason, why) => {
    expect(messageOf(cut, reason)).toMatch(why);
  });
});

test("a job that failed has failed, whatever was lost besides", () => {
  const error = { name: "Error", message: "boom" };
  expect(endOfJob({ kind: "failed", time: epochMs(1), error }, timeout, NO_RECEIVED_LOSS)).toEqual({
    state: "failed",
    error,
  });
});

describe("what was received and not processed", () => {
  const [a, b] = [executorId("a"), executorId("b")];
  const block = (name: string, records: number, at = [a]) => ({ id: blockId(name), bytes: 10, records, at });
  const received = (...blocks: readonly ReturnType<typeof block>[]): ReceiverEvent => ({
    type: "received",
    executor: a,
    stream: streamId(0),
    blocks,
  });
  const begun = (...events: readonly ReceiverEvent[]) => {
    const state = receiverTracker({ bufferBytes: 1_000, rng: new SeededRng(1) });
    const first: readonly ReceiverEvent[] = [
      { type: "executorReady", executor: a },
      { type: "executorReady", executor: b },
      { type: "started", receivers: [{ stream: streamId(0), input: "in-0", name: "lines", copies: 1 }] },
    ];
    for (const event of [...first, ...events]) stepReceivers(state, event);
    return state;
  };

  test("waits for a batch, or is in one that is not done", () => {
    const state = begun(received(block("1", 5)), { type: "allocate", batch: epochMs(100) }, received(block("2", 7)));
    expect(receivedLoss(state).unprocessed).toEqual({ blocks: 2, records: 12 });
    stepReceivers(state, { type: "batchEnded", batch: epochMs(100) });
    expect(receivedLoss(state).unprocessed).toEqual({ blocks: 1, records: 7 });
  });

  test("is lost with an executor once the job is to stop, and what its receiver held is not known", () => {
    const state = begun(
      received(block("1", 5)),
      { type: "executorLost", executor: b },
      { type: "stopRequested" },
      { type: "executorLost", executor: a },
    );
    expect(receivedLoss(state)).toEqual({
      unprocessed: { blocks: 0, records: 0 },
      lost: { blocks: 1, records: 5 },
      cutOff: ["lines"],
    });
  });

  test("was told before the stop, when it was lost before", () => {
    const state = begun(received(block("1", 5)), { type: "executorLost", executor: a }, { type: "stopRequested" });
    expect(receivedLoss(state).lost).toEqual({ blocks: 0, records: 0 });
    expect(receivedLoss(state).cutOff).toEqual(["lines"]); // it runs on the other executor, and has not stopped yet
  });
});
