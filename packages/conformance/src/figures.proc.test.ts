import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test("batches say what their tasks did", async () => {
  const cluster = await TestCluster.start({ executors: 1, slots: 2 });
  later(() => cluster.stop());
  const job = await cluster.submit("ticks");
  await job.log.says(/^tick 3 3$/);
  await job.stop();
  const batches = await cluster.ask("batches", job.id);
  expect(batches).toContainEqual(
    expect.objectContaining({ state: "completed", tasks: expect.toSatisfy((n: number) => n >= 1), recordsRead: 3 }),
  );
  const { stdout } = await cluster.command("batches", job.id);
  expect(stdout).toMatch(/^TIME +STATE +RECORDS +READ +DELAY +PROCESSING +TASKS +TASK TIME +SPILLED/);
});
