import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../clean-up.fixture.ts";
import { struckBy } from "./chaos-world.fixture.ts";
import { localRun } from "./local-run.fixture.ts";

// Files of the checkpoint directory are cut off, or have a bit flipped, while no process of the job is there.

afterEach(cleanUp);

/** Files below a directory, the one that was changed last first. */
function newest(directory: string): readonly string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

const cut = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - Math.min(7, bytes.length >> 1));
function flipped(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  const at = bytes.length - 3; // in the content, and of the log in its last entry
  other[at] = (other[at] ?? 0) ^ 4;
  return other;
}

const FILES: Readonly<Record<string, RegExp>> = {
  "the log": /\/batches\/\d+-\d+\.log$/,
  "a delta": /\.delta$/,
  "a snapshot": /\.(slice|snapshot|index)$/,
};

test("a damaged file of a checkpoint is recovered from or refused by its name, and never counted from", {
  timeout: 150_000,
}, async () => {
  const { world, faults, start } = await localRun({ executors: 2 });
  let job = start();
  await job.says(/^counted 0$/); // older files are not read
  for (let i = 0; i < 6; i++) await world.feedBatch(job.lines);
  const outcomes: string[] = [];
  for (const [what, pattern] of Object.entries(FILES)) {
    for (const damage of [cut, flipped]) {
      const armed = faults.arm({ step: "log.committed", when: "after", nth: 1, deed: { kind: "kill", whom: "all" } });
      world.feedFile(20);
      await struckBy(armed, job.lines, "after log.committed");
      await job.ended;
      const file = newest(join(world.directory, "checkpoint")).find((path) => pattern.test(path));
      if (file === undefined) throw new Error(`there is no file like ${pattern}`);
      const whole = readFileSync(file);
      writeFileSync(file, damage(whole));
      world.feedFile(5);
      job = start();
      const goesOn = await Promise.race([
        world.counted(job.lines).then(
          () => true,
          () => false,
        ),
        job.ended.then(() => false),
      ]);
      outcomes.push(`${what}, ${damage.name}: ${goesOn ? "goes on" : "refused"}`);
      if (!goesOn) {
        const { code, stderr } = await job.ended;
        expect(code, what).not.toBe(0);
        expect(stderr, `${what}, ${damage.name}`).toContain(file);
        writeFileSync(file, whole);
        job = start();
        await world.counted(job.lines);
      }
      expect(world.differences(), `${what}, ${damage.name}`).toEqual([]);
    }
  }
  job.signal("SIGINT");
  expect(await job.ended).toMatchObject({ code: 0 });
  expect(world.differences()).toEqual([]);
  expect(outcomes).toEqual([
    "the log, cut: goes on",
    "the log, flipped: refused",
    "a delta, cut: refused",
    "a delta, flipped: refused",
    "a snapshot, cut: goes on",
    "a snapshot, flipped: goes on",
  ]);
});
