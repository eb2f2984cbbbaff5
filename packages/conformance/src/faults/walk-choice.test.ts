import { SeededRng } from "@millrace/base";
import { expect, test } from "vitest";
import { choose, inWords } from "./walk-choice.fixture.ts";

const walk = (seed: number, steps: number) => {
  const rng = new SeededRng(seed);
  return Array.from({ length: steps }, () => choose(rng));
};

test("a seed stands for the same walk", () => {
  expect(walk(7, 50)).toEqual(walk(7, 50));
  expect(walk(7, 50)).not.toEqual(walk(8, 50));
});

test("in a thousand choices there is each deed of each process, and each step both before and after", () => {
  const words = walk(1, 1_000).map(({ does }) => inWords(does));
  const deeds = new Set(words.map(({ deed }) => deed.replace(/,.*/, "")));
  const places = new Set(words.map(({ where }) => where.replace(/,.*/, "")));
  const kinds = ["driver", "jobDriver", "executor", "jobExecutor"];
  expect([...deeds].sort()).toEqual(
    [
      "SIGKILL",
      "SIGSTOP",
      "SIGTERM of executor",
      "SIGKILL of all",
      ...kinds.flatMap((kind) => [`SIGKILL of ${kind}`, `SIGSTOP of ${kind}`]),
      ...["ENOSPC", "EROFS", "EIO"].flatMap((code) => [code, `${code} in mid-write`]),
    ].sort(),
  );
  expect(places.size).toBe(9 * 2 + 1);
});
