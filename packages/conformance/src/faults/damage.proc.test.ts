import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import { newestLive } from "./live-files.fixture.ts";
import { LocalRun } from "./local-run.fixture.ts";

// Files of the checkpoint directory are cut off, or have a bit flipped, while no process of the job is there.

afterEach(cleanUp);

const cut = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - Math.min(7, bytes.length >> 1));
function flipped(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  const at = bytes.length - 3; // in the content, and of the log in its last entry
  other[at] = (other[at] ?? 0) ^ 4;
  return other;
}

type Outcome = "goes on" | "is refused";

test.each([
  ["log", "goes on", "is refused"],
  ["delta", "is refused", "is refused"],
  ["slice", "goes on", "goes on"],
] as const)(
  "a %s that is cut off %s, one with a bit flipped %s, by its name, and nothing is counted from it",
  { timeout: 120_000 },
  async (kind, whenCut, whenFlipped) => {
    // Without slices, no delta is covered.
    const conf = kind === "delta" ? { "state.snapshot.deltas": "100000" } : {};
    const here = await LocalRun.of({ executors: 2, conf });
    const { world, faults } = here;
    let job = await here.started();
    for (let i = 0; i < 6; i++) await world.feedBatch(job.lines);
    for (const [damage, expected] of [
      [cut, whenCut],
      [flipped, whenFlipped],
    ] as const) {
      const armed = faults.arm({ step: "log.committed", when: "after", nth: 1, deed: { kind: "kill", whom: "all" } });
      world.feed(20);
      await struckBy(armed, job.lines, "after log.committed");
      await job.ended;
      const file = await newestLive(join(world.directory, "checkpoint"), kind);
      const whole = readFileSync(file);
      writeFileSync(file, damage(whole));
      world.feed(5);
      job = here.start();
      const outcome = await Promise.race([
        world.counted(job.lines).then(
          (): Outcome => "goes on",
          (): Outcome => "is refused",
        ),
        job.ended.then((): Outcome => "is refused"),
      ]);
      expect(outcome, damage.name).toBe(expected);
      if (kind === "slice") await job.says(/\[STATE_SLICE_DAMAGED\]/);
      if (outcome === "is refused") {
        const { code, stderr } = await job.ended;
        expect(code, damage.name).not.toBe(0);
        expect(stderr, damage.name).toContain(file);
        writeFileSync(file, whole);
        job = await here.startedAgain(damage.name);
      }
      expect(world.differences(), damage.name).toEqual([]);
    }
    await here.drained(job);
  },
);
