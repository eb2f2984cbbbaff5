import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test("an executor whose clocks show another time than the driver's is warned of, one with the same under another name is not", async () => {
  const cluster = await TestCluster.start({ executors: 0, slots: 1, env: { TZ: "Europe/Berlin" } });
  later(() => cluster.stop());
  const started = [
    cluster.startExecutor(1, "same", { TZ: "Europe/Vienna" }),
    cluster.startExecutor(1, "other", { TZ: "America/New_York" }),
  ];
  await Promise.all(started.map((executor) => executor.says(/member of the cluster/)));
  const job = await cluster.submit("ticks");
  await job.log.says(
    /\[ZONE_DIFFERS\] executor other is in the time zone America\/New_York and the job's driver in Europe\/Berlin/,
  );
  await job.log.says(/^tick 3 /);
  expect(job.log.all.join("\n")).not.toContain("executor same");
});
