import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** Runs the job until its command and that command's children have started. */
async function piping(master: string) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-piping-"));
  later(() => rmSync(folder, { recursive: true, force: true }));
  const fifo = join(folder, "held");
  execFileSync("mkfifo", [fifo]);
  const gone = once(createReadStream(fifo).resume(), "end"); // with the last process that has it open to write
  const options = ["--master", master, "--batches", "1", "--conf", "stop.timeout=100ms"];
  const run = TestProcess.millrace(["run", jobFile("piping"), ...options, "--", folder]);
  later(() => run.end());
  const [, executor] = await run.says(/child of (\d+)/);
  return { run, gone, executor: Number(executor) };
}

test("what a command of pipe started ends with the executor's process, though that was killed", async () => {
  const { run, gone, executor } = await piping("local-cluster[1,1]");
  process.kill(executor, "SIGKILL");
  await gone;
  expect(await run.ended).toMatchObject({ code: 0, stderr: expect.stringContaining("EXECUTOR_KILLED") });
});

test.each(["local[1]", "local-cluster[1,1]"])("and with a job that stops without it: %s", async (master) => {
  const { run, gone } = await piping(master);
  run.signal("SIGINT");
  await gone;
  await run.ended;
});
