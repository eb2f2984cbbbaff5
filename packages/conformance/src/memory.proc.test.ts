import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Neighbour } from "./neighbour.fixture.ts";
import { TestCluster } from "./test-cluster.fixture.ts";

// One small executor: heaps of 70 MB for its two slots, and 35 MB for blocks.
const MEMORY_MIB = 320;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await TestCluster.start({ executors: 1, slots: 2, memory: `${MEMORY_MIB}m` });
});

afterAll(() => cluster.stop());

test("what is more than memory holds is grouped, joined and sorted by way of the disk, within the executor's memory", async () => {
  const job = await cluster.submit("memory"); // a partition of its pairs is 40 MB, and several times that as objects
  const [, peak] = await job.log.says(/^peak (\d+)$/);
  expect(Number(peak)).toBeLessThan(MEMORY_MIB * 2 ** 20);
  const batches = await cluster.operator.batches(job.id);
  expect(batches.slice(0, 3).map(({ spilledBytes }) => spilledBytes > 50_000_000)).toEqual([true, true, true]);
  const { state, warnings, spilledBytes } = await job.stop();
  expect({ state, warnings }).toEqual({ state: "finished", warnings: [] }); // no task was tried again
  expect(spilledBytes).toBeGreaterThan(150_000_000);
  expect(job.log.all.filter((line) => /^(group|join|sort|hot) /.test(line))).toEqual([
    "group 5000 of 200000",
    "join 200000",
    "sort 200000",
    'hot [["hot",1000000]]',
  ]);
});

describe("a key with more values than a slot holds fails its job alone, which is told what memory it takes", () => {
  let neighbour: Neighbour;
  beforeAll(async () => {
    neighbour = await Neighbour.in(cluster);
  });

  test.each(["groups-too-many", "joins-too-many"])("%s", async (how) => {
    const options = ["--conf", "task.attempts.max=1"]; // each attempt takes as long, and ends the same
    const job = await cluster.submit("misbehaves", [how], options);
    const { state, error } = await job.ended;
    expect(state).toBe("failed");
    expect(error?.message).toMatch(/OUT_OF_MEMORY.*reduceByKey.*--memory 1424m.*executor\.slot\.heap/s);
    await neighbour.expectUnharmed();
  });
});
