import { epochMs, ManualClock, millis, SeededRng } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { fileErrors } from "./errors.ts";
import { PatientCalls } from "./patience.ts";

const place = "s3://bucket";

function patience() {
  const clock = new ManualClock(epochMs(0));
  const made = new PatientCalls(clock, new SeededRng(1));
  const told: string[] = [];
  made.listen((at, problem) => told.push(`${at} ${problem ?? "works"}`));
  return { clock, made, told };
}

/** Lets time pass until something has settled. */
async function passUntil(clock: ManualClock, settles: Promise<unknown>): Promise<void> {
  let open = true;
  const done = (): void => {
    open = false;
  };
  settles.then(done, done);
  for (let turns = 0; open; turns++) {
    await undefined;
    if (turns % 10 === 9) clock.advance(millis(100));
  }
}

const unreachable = () => fileErrors.unreachable("no answer. Start it.");

describe("a call that is made with patience", () => {
  test("is repeated until the server answers, and the failure is told with its end", async () => {
    const { clock, made, told } = patience();
    let calls = 0;
    const answer = made.run({ place, patienceMs: 60_000 }, async () => {
      calls += 1;
      if (calls < 4) throw unreachable();
      return "here";
    });
    await passUntil(clock, answer);
    expect([await answer, calls]).toEqual(["here", 4]);
    expect(told).toEqual([`${place} [FILE_SERVER_UNREACHABLE] no answer. Start it`, `${place} works`]);
  });

  test("fails when the patience is over, and the place goes on failing until another call succeeds", async () => {
    const { clock, made, told } = patience();
    const failed = made.run({ place, patienceMs: 10_000 }, () => Promise.reject(unreachable()));
    await passUntil(clock, failed);
    await expect(failed).rejects.toMatchObject({ code: "FILE_SERVER_UNREACHABLE" });
    expect(clock.monotonicMs()).toBeLessThan(10_000);
    expect(told).toHaveLength(1);
    await made.run({ place, patienceMs: 0 }, async () => {});
    expect(told).toHaveLength(2);
  });

  test("fails at once with any other error", async () => {
    const { made, told } = patience();
    let calls = 0;
    const failed = made.run({ place, patienceMs: 60_000 }, async () => {
      calls += 1;
      throw fileErrors.forbidden("not you. Ask.");
    });
    await expect(failed).rejects.toMatchObject({ code: "FILE_FORBIDDEN" });
    expect([calls, told]).toEqual([1, []]);
  });

  test("is repeated after the errors that its caller takes for passing, and no others", async () => {
    const { clock, made, told } = patience();
    const passing = (error: unknown): boolean => error instanceof Error && error.message === "no leader yet.";
    let calls = 0;
    const failed = made.run({ place: "kafka b:9092", patienceMs: 60_000, passing, firstPauseMs: 10 }, async () => {
      calls += 1;
      throw calls < 3 ? new Error("no leader yet.") : unreachable();
    });
    await passUntil(clock, failed);
    await expect(failed).rejects.toMatchObject({ code: "FILE_SERVER_UNREACHABLE" });
    expect([calls, told]).toEqual([3, ["kafka b:9092 no leader yet"]]);
  });
});
