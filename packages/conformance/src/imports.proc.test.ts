import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test("a job on executors begins with imported state, counts on from there, and from its own log after a kill", async () => {
  const here = await fileWorld();
  const [directory = ""] = here.args;
  const checkpoint = join(directory, "checkpoint");
  const file = join(directory, "totals.csv");
  const before = ["a", "a", "a", "seen"];
  await writeFile(file, "key,state\na,3\nseen,1\n");
  const command = ["state", "import", checkpoint, "updateStateByKey-0", "--partitions", "3"];
  const { code, stderr } = await TestProcess.millrace([...command, "--format", "csv", "--in", file]).ended;
  expect([code, stderr]).toEqual([
    0,
    `millrace: 2 keys of updateStateByKey-0 imported into ${checkpoint}, in 3 partitions\n`,
  ]);

  const start = (): TestProcess => {
    const job = TestProcess.millrace([
      "run",
      jobFile("restarts"),
      "--master",
      "local-cluster[2,1]",
      "--",
      ...here.args,
    ]);
    later(() => job.end());
    later(() => here.gates.open());
    return job;
  };
  const counted = async (...words: readonly string[]): Promise<void> => {
    const committed = here.stands("commit");
    await here.feed(...words);
    (await committed).pass();
  };
  const first = start();
  await first.says(/begins with the state that was imported into/);
  await first.says(/running on/);
  await counted("a", "b");
  const stands = here.stands("task");
  await here.feed("a", "seen");
  await stands;
  first.signal("SIGKILL");
  await first.ended;

  const committed = here.stands("commit");
  const second = start();
  await second.says(/resumed from .*, batch \S+ to run again/);
  (await committed).pass();
  await counted("c");
  second.signal("SIGINT");
  expect((await second.ended).code).toBe(0);
  expect(await here.totals()).toEqual(countsOf([...before, ...here.fed]));
});
