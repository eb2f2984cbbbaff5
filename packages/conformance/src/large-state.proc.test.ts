import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-large-state-"));
afterEach(cleanUp);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Of a kilobyte each: more than the 48 MB of the slot's heap. */
const KEYS = 56_000;

async function run(store: string) {
  const conf = ["--conf", `state.store=${store}`, "--conf", "task.attempts.max=1"];
  const args = [String(KEYS), join(directory, store)];
  const process = TestProcess.millrace([
    "run",
    jobFile("large-state"),
    ...args,
    "--master",
    "local-cluster[1,1]",
    ...conf,
  ]);
  later(() => process.end());
  return process.ended;
}

test("state that is larger than the heap of its slot runs out of it, which names the setting that helps", async () => {
  const { stderr, stdout } = await run("memory");
  expect(stdout).not.toContain("keys,");
  expect(stderr).toMatch(/SLOT_OUT_OF_MEMORY.*keys of state.*state\.store to "lmdb"/);
});

test("with the store it is updated and read, in the same heap", async () => {
  const { stdout } = await run("lmdb");
  expect(stdout).toMatch(new RegExp(`^${KEYS} keys, [0-9]{8} characters$`, "m"));
});
