import { expect, test } from "vitest";
import { differences, type Saved } from "./verdict.fixture.ts";

const T = 1_000_000;

/** Batches of records 0 to 3, as a job should save them. */
function right() {
  return {
    records: new Map([
      [T, ["0", "1"]],
      [T + 200, []],
      [T + 400, ["7", "2"]],
    ]),
    totals: new Map([
      [T, ["0 1 0", "1 1 1"]],
      [T + 200, ["1 1 1", "0 1 0"]],
      [T + 400, ["0 2 7", "1 1 1", "2 1 2"]],
    ]),
    places: new Map([
      [T, ["1 1 1", "0 0 1"]],
      [T + 200, []],
      [T + 400, ["0 7 2", "2 2 1"]],
    ]),
    recent: new Map([
      [T, ["1 1", "0 0"]],
      [T + 200, ["1 1"]],
      [T + 400, ["1 1", "0 7", "2 2"]],
    ]),
    window: new Map([
      [T, ["1", "0"]],
      [T + 200, ["0", "1"]],
      [T + 400, ["0", "1", "2", "7"]],
    ]),
  } satisfies Saved;
}

/** Those of which 3 to 6 were never saved. */
const LOST = "4 of 8 records are lost: 3-6";

test("a run in which each record is in each output once has no differences but the records that are missing", () => {
  expect(differences(8, right())).toEqual([LOST]);
  expect(differences(3, { ...right(), records: new Map() })[0]).toBe("3 of 3 records are lost: 0-2");
});

test.each<[string, (saved: ReturnType<typeof right>) => unknown, RegExp]>([
  [
    "a record twice",
    ({ records }) => records.set(T + 200, ["1"]),
    /^record 1 is there 2 times, in batches 1000000, 1000200/,
  ],
  ["a record of nobody", ({ records }) => records.set(T + 200, ["9"]), /^record 9 was never fed/],
  ["a batch too few", (saved) => Object.values(saved).map((output) => output.delete(T + 200)), /there are 1 missing/],
  ["an output too few", ({ window }) => window.delete(T + 400), /^window is missing of the batches 1000400/],
  ["an output too many", ({ window }) => window.set(T + 600, []), /^only window is there of the batches 1000600/],
  [
    "a total too high",
    ({ totals }) => totals.set(T + 400, ["0 3 7", "1 1 1", "2 1 2"]),
    /^totals of batch 1000400 has/,
  ],
  [
    "a place again",
    ({ places }) => places.set(T + 400, ["0 7 1", "2 2 1"]),
    /^places of batch 1000400 has \[0 1, 2 1\]/,
  ],
  ["a window too short", ({ window }) => window.set(T + 200, ["0"]), /^window of batch 1000200 has \[0\]/],
  ["a window's sum", ({ recent }) => recent.set(T + 400, ["1 2", "0 7", "2 2"]), /^recent of batch 1000400 has/],
])("%s is told", (_, change, told) => {
  const saved = right();
  change(saved);
  const found = differences(8, saved).filter((line) => line !== LOST);
  expect(
    found.some((line) => told.test(line)),
    found.join("\n"),
  ).toBe(true);
});
