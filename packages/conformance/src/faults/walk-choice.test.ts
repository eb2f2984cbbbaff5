import { SeededRng } from "@millrace/base";
import { expect, test } from "vitest";
import { choose, inWords, readsOf, type WalkReads } from "./walk-choice.fixture.ts";

const walk = (seed: number, steps: number, reads: WalkReads = "files") => {
  const rng = new SeededRng(seed);
  return Array.from({ length: steps }, () => choose(rng, reads));
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

test("a job that receives from a reliable source is struck at the steps of its log and of acknowledgements, too", () => {
  const places = walk(1, 1_000, "reliable source").map(({ does }) => inWords(does).where.replace(/,.*/, ""));
  expect(new Set(places).size).toBe(11 * 2 + 1);
});

test("some seeds stand for files, and others for a reliable source", () => {
  const seeds = Array.from({ length: 100 }, (_, seed) => seed);
  expect(new Set(seeds.map(readsOf))).toEqual(new Set(["files", "reliable source"]));
});
