import { describe, expect, test } from "vitest";
import { formatLocalTime, type OffsetOf, sameZone } from "./local-time.ts";

const HOUR = 3_600_000;
/** Berlin in the autumn of 2026: the clocks go back from 3:00 to 2:00 at 1:00 UTC. */
const back = Date.UTC(2026, 9, 25, 1);
const berlin: OffsetOf = (ms) => (ms < back ? -120 : -60);
const at = (ms: number, offsetOf = berlin): string => formatLocalTime(ms, { offsetOf });

describe("a local time", () => {
  test("has no offset where every time occurs once", () => {
    expect(at(Date.UTC(2026, 10, 23, 19, 17, 31))).toBe("2026-11-23 20:17:31.000");
    expect(formatLocalTime(Date.UTC(2026, 10, 23, 19, 17, 31, 5), { offsetOf: berlin, fraction: false })).toBe(
      "2026-11-23 20:17:31",
    );
  });
  test("has its offset only in the hour that occurs twice", () => {
    expect([-HOUR - 1, -HOUR, -1, 0, HOUR - 1, HOUR].map((after) => at(back + after))).toEqual([
      "2026-10-25 01:59:59.999",
      "2026-10-25 02:00:00.000 +02:00",
      "2026-10-25 02:59:59.999 +02:00",
      "2026-10-25 02:00:00.000 +01:00",
      "2026-10-25 02:59:59.999 +01:00",
      "2026-10-25 03:00:00.000",
    ]);
  });
  test("needs none where clocks go forward and an hour is skipped", () => {
    const forward = Date.UTC(2026, 2, 29, 1);
    const spring: OffsetOf = (ms) => (ms < forward ? -60 : -120);
    expect([-1, 0].map((after) => at(forward + after, spring))).toEqual([
      "2026-03-29 01:59:59.999",
      "2026-03-29 03:00:00.000",
    ]);
  });
  test("has halves of hours, and zones west of Greenwich", () => {
    const lordHowe: OffsetOf = (ms) => (ms < back ? -660 : -630);
    expect(at(back - 1, lordHowe)).toBe("2026-10-25 11:59:59.999 +11:00");
    expect(at(back, lordHowe)).toBe("2026-10-25 11:30:00.000 +10:30");
    const newYork: OffsetOf = (ms) => (ms < back ? 240 : 300);
    expect(at(back, newYork)).toBe("2026-10-24 20:00:00.000 -05:00");
  });
});

test("zones are the same if their clocks are, whatever their names", () => {
  expect(sameZone("UTC", "Etc/UTC", back)).toBe(true);
  expect(sameZone("Europe/Berlin", "Europe/Vienna", back)).toBe(true);
  expect(sameZone("Europe/Berlin", "UTC", back)).toBe(false);
  expect(sameZone("Africa/Lagos", "Europe/Berlin", back)).toBe(false); // the same in winter
  expect(sameZone("UTC", "No/Where", back)).toBe(false);
});
