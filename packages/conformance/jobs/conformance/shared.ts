// Variables that tasks share with the driver, and their TaskContext.
import { type AccumulatorSpec, TaskContext } from "millrace";
import { action, type Case, inFirstBatch, kv, observation, refused } from "./case.ts";

/** Keeps the largest number, counted from a floor. */
class Largest implements AccumulatorSpec<number, number> {
  readonly floor: number;
  constructor(floor: number) {
    this.floor = floor;
  }
  zero(): number {
    return this.floor;
  }
  add(total: number, value: number): number {
    return Math.max(total, value);
  }
  merge(a: number, b: number): number {
    return Math.max(a, b);
  }
}

const NUMBERS = [1, 2, 3, 4, 4];

export const shared: readonly Case[] = [
  observation({
    id: "Accumulators",
    title: "sums, means, collections and specifications of the author's own, as classes and as objects with fields",
    order: "exactly",
    expected: [
      [
        [14, 5, 2.8, 7],
        ["n1", "n2", "n3", "n4", "n4"],
        [4, 4, 50],
        [0, 0],
      ],
    ],
    declare: (ssc, report) => {
      const [sum, mean] = [ssc.longAccumulator("sum"), ssc.doubleAccumulator("halves")];
      const words = ssc.collectionAccumulator<string>();
      const largest = ssc.accumulator(new Largest(-1), "largest");
      const distinct = ssc.accumulator({
        zero: () => new Set<number>(),
        add: (set: Set<number>, n: number) => set.add(n),
        merge: (a, b) => new Set([...a, ...b]),
        value: (set) => set.size,
      });
      const counting = {
        step: 10,
        zero: () => 0,
        add(total: number): number {
          return total + this.step;
        },
        merge: (a: number, b: number) => a + b,
      };
      const tens = ssc.accumulator<number, number>(counting);
      inFirstBatch(ssc, report, async () => {
        const numbers = ssc.parallelize(NUMBERS, 3);
        await numbers.foreach((n) => {
          sum.add(n);
          words.add(`n${n}`);
          largest.add(n);
          distinct.add(n);
          tens.add(n);
        });
        await numbers.foreachPartition(async (all) => {
          for (const n of all) mean.add(n / 2);
        });
        const added = [sum.value, sum.count, sum.avg, mean.value];
        sum.reset();
        return [added, [...words.value].sort(), [largest.value, distinct.value, tens.value], [sum.value, sum.count]];
      });
    },
  }),
  action({
    id: "Accumulators",
    title: "what failed attempts add does not count",
    batches: [NUMBERS],
    partitions: 3,
    act: async (numbers, ssc) => {
      const runs = ssc.longAccumulator();
      const failing = numbers.map((n) => {
        runs.add(1);
        if (n === 3 && TaskContext.get().attemptNumber < 2) throw new Error("not yet");
        return n;
      });
      return [await failing.count(), runs.value];
    },
    order: "exactly",
    expected: [[5, 5]],
  }),
  action({
    id: "TaskContext",
    title: "a task knows its place, also if it is the only one that runs",
    batches: [NUMBERS],
    partitions: 3,
    act: async (numbers) => {
      const told = numbers.mapPartitions(() => {
        const { partitionId, numPartitions, attemptNumber, taskAttemptId } = TaskContext.get();
        return [`${partitionId}/${numPartitions}/${attemptNumber}/${taskAttemptId.split("/").length}`];
      });
      return [await told.collect(), await told.take(1)];
    },
    order: "exactly",
    expected: [[["0/3/0/3", "1/3/0/3", "2/3/0/3"], ["0/3/0/3"]]],
  }),
  observation({
    id: "Broadcast",
    title: "a broadcast variable is sent again when it was let go, on the driver only, and is of no use once destroyed",
    order: "exactly",
    expected: [[["one", "?", "?", "?", "?"], "one", "refused", "refused"]],
    declare: (ssc, report) => {
      const table = ssc.broadcast(new Map([kv(1, "one")]));
      inFirstBatch(ssc, report, async () => {
        const numbers = ssc.parallelize(NUMBERS, 3);
        const named = numbers.map((n) => table.value.get(n) ?? "?");
        const all = await named.collect();
        table.unpersist();
        const first = await named.first();
        const misused = await refused(
          numbers.foreach(() => table.unpersist()),
          /BROADCAST_MISUSED/,
        );
        table.destroy();
        return [all, first, misused, await refused(named.collect(), /CAPTURE_NOT_SHIPPABLE.*destroyed/)];
      });
    },
  }),
  action({
    id: "Broadcast",
    title: "a destroyed variable is named by those that capture it",
    batches: [[1, 2, 3]],
    act: async (numbers, ssc) => {
      const names = ssc.broadcast(new Map([kv(1, "one"), kv(2, "two")]));
      const found = await numbers.map((n) => names.value.get(n)).collect();
      await names.destroy();
      const late = numbers.map((n) => names.value.get(n)).count();
      return [found, await refused(late, /"names" .* which is destroyed\. Create a new one/)];
    },
    order: "exactly",
    expected: [[["one", "two", undefined], "refused"]],
  }),
];
