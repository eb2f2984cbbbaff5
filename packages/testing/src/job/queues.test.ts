import { defineJob, type QueuedBatch } from "@millrace/api";
import { expect, test } from "vitest";
import { testJob } from "./test-job.ts";

test("a queue is not consumed: every stream of it has all elements, and those that are pushed while the job runs", async () => {
  const queue: string[][] = [["a"], ["b"]];
  const job = defineJob({ name: "queues", batchInterval: "1s" }, (ssc) => {
    ssc.queueStream(queue).print();
    ssc.queueStream(queue, { oneAtATime: false }).print();
    ssc.queueStream([[]]).foreachRDD((_, time) => {
      if (time === 2000) queue.push(["c", "d"], ["e"]);
    });
  });
  const t = await testJob(job);
  const batches: unknown[] = [];
  for (let i = 0; i < 5; i += 1) {
    await t.advance("1s");
    batches.push([t.printed(0), t.printed(1)]);
  }
  await t.stop();
  expect(batches).toEqual([
    [["a"], ["a", "b"]],
    [["b"], []],
    [
      ["c", "d"],
      ["c", "d", "e"],
    ],
    [["e"], []],
    [[], []],
  ]);
  expect(queue).toEqual([["a"], ["b"], ["c", "d"], ["e"]]);
});

test("a queue may be a constant, and holds RDDs too", async () => {
  const t = await testJob(
    defineJob({ name: "queues", batchInterval: "1s" }, (ssc) => {
      const queue: readonly QueuedBatch<number>[] = [ssc.parallelize([1, 2]), [3]];
      ssc.queueStream(queue).union(ssc.queueStream(queue)).print();
    }),
  );
  await t.advance("1s");
  expect(t.printed()).toEqual([1, 2, 1, 2]);
  await t.stop();
});
