import { epochMs, warningOf } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { EVENTS_PER_CODE_MAX, isTold, WARNINGS_MAX, WarningLog } from "./warning-log.ts";

const event = (code: string, subject = "") => warningOf(`[${code}] it happened.`, { subject });
const condition = (code: string, subject = "") => warningOf(`[${code}] it is so.`, { subject, lasting: true });
const named = (log: WarningLog) => log.list().map(({ code, subject, count }) => `${code} ${subject} ×${count}`);

describe("a warning", () => {
  test("that is repeated is counted, with its first and its last time", () => {
    const log = new WarningLog();
    log.raise(event("TASK_RETRIED", "a"), epochMs(1));
    log.raise(event("TASK_RETRIED", "b"), epochMs(2));
    log.raise({ ...event("TASK_RETRIED", "a"), message: "[TASK_RETRIED] again." }, epochMs(3));
    expect(log.list()).toEqual([
      { ...event("TASK_RETRIED", "b"), firstAt: 2, lastAt: 2, count: 1 },
      { ...event("TASK_RETRIED", "a"), message: "[TASK_RETRIED] again.", firstAt: 1, lastAt: 3, count: 2 },
    ]);
  });

  test("that is over is off the list, and counts anew when it comes back", () => {
    const log = new WarningLog();
    log.raise(condition("SOURCE_DOWN", "receiver 0"), epochMs(1));
    log.raise(condition("SOURCE_DOWN", "receiver 1"), epochMs(1));
    expect(log.end({ subject: "receiver 0", message: undefined })).toBe(true);
    expect(log.end({ subject: "receiver 0", message: undefined })).toBe(false);
    expect(named(log)).toEqual(["SOURCE_DOWN receiver 1 ×1"]);
    expect(log.raise(condition("SOURCE_DOWN", "receiver 0"), epochMs(5))).toMatchObject({ firstAt: 5, count: 1 });
  });

  test("of a condition takes the place of another about the same", () => {
    const log = new WarningLog();
    log.raise(condition("SOURCE_DOWN", "receiver 0"), epochMs(1));
    log.raise(condition("RECEIVER_STOPPED", "receiver 0"), epochMs(2));
    expect(named(log)).toEqual(["RECEIVER_STOPPED receiver 0 ×1"]);
  });

  test("without a code counts with its own repetitions only", () => {
    const log = new WarningLog();
    for (const text of ["slow", "slow", "empty"]) log.raise(warningOf(text), epochMs(0));
    expect(named(log)).toEqual(["WARNING slow ×2", "WARNING empty ×1"]);
  });

  test("is told the first few times, then whenever its count has doubled", () => {
    const log = new WarningLog();
    const told = Array.from({ length: 40 }, (_, i) => log.raise(event("X"), epochMs(i))).filter(isTold);
    expect(told.map(({ count }) => count)).toEqual([1, 2, 3, 4, 8, 16, 32]);
  });
});

describe("the list is bounded", () => {
  test("for events of one code", () => {
    const log = new WarningLog();
    for (let i = 0; i < EVENTS_PER_CODE_MAX + 3; i++) log.raise(event("BATCH_FAILED", String(i)), epochMs(i));
    expect(named(log)).toEqual(["3", "4", "5", "6", "7"].map((batch) => `BATCH_FAILED ${batch} ×1`));
  });

  test("in all: events go before conditions", () => {
    const log = new WarningLog();
    log.raise(condition("NO_EXECUTORS"), epochMs(0));
    for (let i = 0; i < WARNINGS_MAX + 5; i++) log.raise(event(`CODE_${i}`), epochMs(i));
    expect(log.list()).toHaveLength(WARNINGS_MAX);
    expect(log.list()[0]?.code).toBe("NO_EXECUTORS");
  });

  test("in all: of conditions the oldest goes", () => {
    const log = new WarningLog();
    for (let i = 0; i < WARNINGS_MAX + 1; i++) log.raise(condition("SOURCE_DOWN", String(i)), epochMs(i));
    expect(log.list()).toHaveLength(WARNINGS_MAX);
    expect(log.list()[0]?.subject).toBe("1");
  });
});
