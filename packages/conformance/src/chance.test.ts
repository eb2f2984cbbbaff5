import { defineJob } from "@millrace/api";
import { type Rng, SeededRng } from "@millrace/base";
import type { Faults } from "@millrace/testing/faults";
import { testJobUnder } from "@millrace/testing/faults";
import { expect, test } from "vitest";

const MAPS = 4;

/** The executor goes, with all that was mapped, when one reducer has given its result and the next one is done. */
class LosesMaps implements Faults {
  fired = 0;
  #successes = 0;

  onStart(): void {}

  onCall(): void {}

  spillBytes(): number {
    return 1 << 20;
  }

  onSuccess(): "nothing" | "executor" {
    this.#successes += 1;
    if (this.#successes !== MAPS + 2) return "nothing";
    this.fired += 1;
    return "executor";
  }
}

/** Each number of 0 to 399 goes to one of four groups; all groups are asked for. */
async function dealt(group: (n: number) => number) {
  let out: readonly number[] = [];
  const job = defineJob({ name: "chance", batchInterval: 1000 }, (ssc) => {
    ssc.queueStream([[0]]).foreachRDD(async () => {
      out = await ssc
        .range(0, 400, 1, MAPS)
        .map((n): [number, number] => [group(Number(n)), Number(n)])
        .groupByKey(4)
        .flatMap(([, all]) => all)
        .collect();
    });
  });
  const faults = new LosesMaps();
  const t = await testJobUnder(faults, job, {});
  try {
    await t.advance(1000);
    return { out, fired: faults.fired, warnings: t.warnings };
  } finally {
    await t.stop();
  }
}

const numbers = Array.from({ length: 400 }, (_, n) => n);
const inOrder = (some: readonly number[]): number[] => [...some].sort((a, b) => a - b);

test("no record is lost or doubled when functions draw chance and are run again: who read the earlier draw reads the later one", async () => {
  const rng: Rng = new SeededRng(7);
  const { out, fired, warnings } = await dealt(() => rng.int(4));
  expect(fired).toBe(1);
  expect(inOrder(out)).toEqual(numbers);
  expect(warnings.join("\n")).toMatch(/\[OUTPUT_DIFFERS\] task 0 of stage "range, map, groupByKey" was rerun/);
});

test("where functions give the same again, nothing else runs again", async () => {
  const { out, fired, warnings } = await dealt((n) => n % 4);
  expect(fired).toBe(1);
  expect(inOrder(out)).toEqual(numbers);
  expect(warnings.join("\n")).not.toContain("OUTPUT_DIFFERS");
});
