import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** A job that counts the words of files, and how it is started. */
async function world(...options: readonly string[]) {
  const here = await fileWorld();
  const start = (): TestProcess => {
    const args = ["--master", "local[2]", ...options, "--", ...here.args];
    const job = TestProcess.millrace(["run", jobFile("restarts"), ...args]);
    later(() => job.end());
    later(() => here.gates.open());
    return job;
  };
  return { here, start };
}

describe("a second start of a job on its checkpoint directory", () => {
  test("is refused while the first one runs, which goes on", async () => {
    const { here, start } = await world();
    const job = start();
    await job.says(/running on/);
    const { code, stderr } = await start().ended;
    const owner = `the job "restarts" \\(process ${job.pid} on `;
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(new RegExp(`\\[CHECKPOINT_IN_USE\\] .* belongs to ${owner}.*Stop the other one first`)),
    ]);
    const committed = here.stands("commit");
    await here.feed("a");
    (await committed).pass();
    job.signal("SIGINT");
    expect([(await job.ended).code, await here.words()]).toEqual([0, ["a"]]);
  });

  test.each(["output", "commit"])(
    "takes over from one that is paused for longer than its lease at its %s, and what that one does then has no effect",
    async (at) => {
      const { here, start } = await world("--conf", "checkpoint.lease=1s");
      const paused = start();
      await paused.says(/running on/);
      const stands = here.stands(at);
      await here.feed("a", "b", "a");
      const stood = await stands;
      paused.signal("SIGSTOP");
      const again = here.stands(at); // the same batch, of the other process
      const job = start();
      await job.says(/resumed from/); // so the lease has expired: its owner is alive
      (await again).pass();
      const committed = here.stands("commit");
      await here.feed("c", "a");
      (await committed).pass();
      stood.pass();
      paused.signal("SIGCONT");
      const { code, stderr } = await paused.ended;
      expect(code).toBe(1);
      const owner = `the job "restarts" \\(process ${job.pid} on `;
      expect(stderr).toMatch(new RegExp(`\\[CHECKPOINT_TAKEN\\] .* Meanwhile ${owner}.* has taken it over`));
      job.signal("SIGINT");
      expect((await job.ended).code).toBe(0);
      expect(await here.words()).toEqual([...here.fed].sort());
      expect(await here.totals()).toEqual(countsOf(here.fed));
      expect(await here.hidden()).toEqual([]);
    },
  );
});

test("a data directory has one driver, until that is killed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-owners-"));
  later(() => rm(directory, { recursive: true, force: true }));
  const start = (): TestProcess => {
    const driver = TestProcess.millrace(["driver", "--port", "0", "--ui-port", "0", "--data-dir", directory]);
    later(() => driver.end());
    return driver;
  };
  const first = start();
  await first.says(/driver listening/);
  const { code, stderr } = await start().ended;
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(new RegExp(`\\[DIRECTORY_IN_USE\\] .*the driver \\(process ${first.pid} on `)),
  ]);
  first.signal("SIGKILL");
  await first.ended;
  await start().says(/driver listening/);
});
