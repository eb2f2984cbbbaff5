import { expect } from "vitest";
import { later } from "./clean-up.fixture.ts";
import { type Arrival, GateServer } from "./gate-server.fixture.ts";
import type { TestCluster, TestJob } from "./test-cluster.fixture.ts";
import { lastTotals, WordFeed } from "./word-feed.fixture.ts";

/** A job that counts words, with its first batch done, and the gates at which its tasks can be held. */
export interface Counting {
  readonly cluster: TestCluster;
  readonly feed: WordFeed;
  readonly gates: GateServer;
  readonly job: TestJob;
}

/** How a job keeps its totals: as state, or over a window. */
type Keeping = "state" | "mapped" | "window" | "inverse";

/** Ends with the test; the cluster is the caller's. */
export async function counting(cluster: TestCluster, how: Keeping = "state"): Promise<Counting> {
  const feed = await WordFeed.listen();
  later(() => feed.close());
  const gates = await GateServer.listen();
  later(() => gates.close());
  const job = await cluster.submit("totals", [...feed.args, String(gates.port), how]);
  later(() => job.kill());
  await feed.source.connected();
  // A first batch, so that there is state to lose.
  feed.send("to be or not to be", "that is the question");
  await feed.counted(job.log);
  return { cluster, feed, gates, job };
}

export const LINES = [
  "whether tis nobler",
  "in the mind to suffer",
  "the slings and arrows",
  "of outrageous fortune to be",
];

/** Sends one batch and waits until its only map task, with all its lines, stands at the gate. */
export async function batchAtMapGate({ feed, gates }: Counting): Promise<Arrival> {
  const arrived = gates.hold(({ at }) => at === "map");
  const lines = feed.send(...LINES);
  const arrival = await arrived;
  expect(arrival.records).toBe(lines);
  return arrival;
}

/** Everything counted, then one more batch over whatever the fault has moved, then a drain: the totals are exact. */
export async function expectExact({ feed, job }: Counting, connections: number): Promise<void> {
  await feed.counted(job.log);
  await feed.source.connected(connections);
  feed.send("ay there is the rub", "to be");
  await feed.counted(job.log);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
  expect(lastTotals(job.log)).toEqual(feed.expected);
}

/** Kills a process of this machine. */
export const kill = (pid: number): void => void process.kill(pid, "SIGKILL");
