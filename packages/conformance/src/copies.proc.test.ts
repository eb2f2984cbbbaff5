import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { LineServer } from "./line-server.fixture.ts";
import type { TestProcess } from "./process.fixture.ts";
import { TestCluster, type TestJob } from "./test-cluster.fixture.ts";

// The executors that hold received blocks go one after the other, with time for copies between.

afterEach(cleanUp);

const READY = /"msg":"\d+ slots are ready"/;
const MISSING = /\[COPIES_MISSING\] .* \(20 records\)/;
const MADE = /\[COPIES_MADE\] .* copied: [1-9]/;

interface Kept {
  readonly cluster: TestCluster;
  readonly source: LineServer;
  readonly job: TestJob;
  /** The executor of the receiver. */
  readonly receiving: TestProcess;
}

/** A window over twenty lines, which the job's executors hold, and no other. */
async function kept(executors: number): Promise<Kept> {
  const cluster = await TestCluster.start({ executors, slots: 1 });
  later(() => cluster.stop());
  const source = await LineServer.listen();
  later(() => source.close());
  const job = await cluster.submit("kept-lines", [String(source.port)]);
  later(() => job.kill());
  await Promise.all(cluster.executors.map((executor) => executor.says(READY)));
  await source.connected();
  send(source, 0, 20);
  await job.log.says(/^the window has 20 lines$/);
  const [, name] = await job.log.says(/^the receiver runs on e-(\d+)$/);
  const receiving = cluster.executors[Number(name)];
  if (receiving === undefined) throw new Error(`there is no executor e-${name}`);
  return { cluster, source, job, receiving };
}

function send(source: LineServer, from: number, to: number): void {
  source.send(Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join(""));
}

/** One that holds nothing that was received before. */
async function joined(cluster: TestCluster): Promise<TestProcess> {
  const late = cluster.startExecutor(1);
  await late.says(READY);
  return late;
}

async function killed(executor: TestProcess | undefined): Promise<void> {
  executor?.signal("SIGKILL");
  expect(await executor?.ended).toMatchObject({ signal: "SIGKILL" });
}

/** All twenty are still there, and five more; no batch has failed. */
async function expectAll({ source, job }: Kept, connections: number): Promise<void> {
  await source.connected(connections);
  await job.log.says(/^the window has 20 lines$/, job.log.mark);
  send(source, 20, 25);
  await job.log.says(/^the window has 25 lines$/);
  expect(job.log.all.join("\n")).not.toMatch(/RECEIVED_DATA_LOST|INPUT_BLOCK_LOST/);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
}

test("both holders of a window's blocks are killed, one when the copies of the other are made", async () => {
  const here = await kept(2);
  const { cluster, receiving, job } = here;
  const other = cluster.executors.find((executor) => executor !== receiving);
  await joined(cluster);
  await killed(receiving);
  await job.log.says(MISSING);
  await job.log.says(MADE);
  await here.source.connected(2);
  await killed(other);
  await expectAll(here, 3);
});

test("one holder is told to end and goes when its blocks are copied; then the other is killed", async () => {
  const here = await kept(2);
  const { cluster, receiving } = here;
  const other = cluster.executors.find((executor) => executor !== receiving);
  await joined(cluster);
  receiving.signal("SIGTERM");
  expect(await receiving.ended).toMatchObject({ code: 0, signal: null });
  await here.source.connected(2); // of the other, which was there before the third
  await killed(other);
  await expectAll(here, 3);
});

test("what one executor received alone is copied to the next that joins, and the first is killed", async () => {
  const here = await kept(1);
  const { cluster, receiving, job } = here;
  await job.log.says(/\[NO_REPLICA_PEER\]/);
  await joined(cluster);
  await job.log.says(MISSING);
  await job.log.says(MADE);
  await killed(receiving);
  await expectAll(here, 2);
});
