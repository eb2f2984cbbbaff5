import { epochMs, ManualClock, millis, SeededRng } from "@millrace/base";
import type { ReceiverStatus } from "@millrace/scheduler";
import { expect, test } from "vitest";
import { receiverFailed } from "../errors.ts";
import type { RunEvents } from "./receiver-run.ts";
import { SupervisedReceiver } from "./supervised-receiver.ts";

test("a receiver that reports an error for every record passes on ten a second, and the number of the others", () => {
  const clock = new ManualClock(epochMs(0));
  const told: string[] = [];
  const running: RunEvents[] = [];
  const receiver = new SupervisedReceiver({
    restartDelay: { min: millis(20), max: millis(50) },
    rng: new SeededRng(1),
    clock,
    newRun: (events) => {
      running.push(events);
      return { start: () => {}, stop: async () => {} };
    },
    report: (status: ReceiverStatus) => {
      if (status.state === "trouble") told.push(status.error.message);
    },
  });
  receiver.start(0);
  const trouble = (n: number): void => running[0]?.trouble(receiverFailed(`odd record ${n}`));
  for (let n = 1; n <= 25; n++) trouble(n);
  expect(told).toHaveLength(10);
  clock.advance(millis(1000));
  trouble(26);
  trouble(27);
  expect(told.slice(10)).toEqual([
    "[RECEIVER_FAILED] odd record 26 (15 more were not reported)",
    "[RECEIVER_FAILED] odd record 27",
  ]);
});
