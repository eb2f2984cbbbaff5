import { expect, test } from "vitest";
import { directoryMissing, listingSlow } from "../warnings.ts";
import { DirectoryCondition } from "./directory-condition.ts";

const missing = directoryMissing("s", "gone");
const slow = listingSlow("s", "slow");
const MINUTE = 60_000;

test("a condition is reported when it begins, when another replaces it and when it is over", () => {
  const condition = new DirectoryCondition();
  const told = [undefined, missing, missing, slow, undefined, undefined].map((trouble, ms) =>
    condition.look(trouble, ms),
  );
  expect(told).toEqual([undefined, missing, undefined, slow, "over", undefined]);
});

test("a flapping condition is reported three times in ten minutes, and then stays until they are over", () => {
  const condition = new DirectoryCondition();
  const told: string[] = [];
  for (let minute = 0; minute < 14; minute += 0.5) {
    const news = condition.look(Number.isInteger(minute) ? missing : undefined, minute * MINUTE);
    if (news !== undefined) told.push(`${minute} ${news === "over" ? news : news.code}`);
  }
  expect(told).toEqual([
    "0 DIRECTORY_MISSING",
    "0.5 over",
    "1 DIRECTORY_MISSING",
    "1.5 over",
    "2 DIRECTORY_MISSING",
    "10.5 over",
    "11 DIRECTORY_MISSING",
    "11.5 over",
    "12 DIRECTORY_MISSING",
    "12.5 over",
    "13 DIRECTORY_MISSING",
  ]);
});
