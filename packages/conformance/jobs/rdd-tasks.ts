// Accumulators, broadcast variables and what a task can know of itself, with what becomes of them.
import { type AccumulatorSpec, defineJob, TaskContext } from "millrace";
import { Checks } from "./checks.ts";

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

export default defineJob({ name: "rdd-tasks", batchInterval: "100ms" }, (ssc) => {
  const sum = ssc.longAccumulator("sum");
  const mean = ssc.doubleAccumulator();
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
  const failures = ssc.longAccumulator();
  const table = ssc.broadcast(new Map([[1, "one"]]));
  ssc.queueStream<number>([[1]]).foreachRDD(async () => {
    const checks = new Checks();
    const numbers = ssc.parallelize([1, 2, 3, 4, 4], 3);
    await numbers.foreach((n) => {
      sum.add(n);
      mean.add(n / 2);
      words.add(`n${n}`);
      largest.add(n);
      distinct.add(n);
      tens.add(n);
    });
    await checks.is("numbers", [sum.value, sum.count, sum.avg, mean.value], [14, 5, 2.8, 7]);
    await checks.is("a collection", words.value.sort(), ["n1", "n2", "n3", "n4", "n4"]);
    await checks.is("of my own", [largest.value, distinct.value, tens.value], [4, 4, 50]);
    sum.reset();
    await checks.is("begun again", [sum.value, sum.count], [0, 0]);
    const failing = numbers.map((n) => {
      failures.add(1);
      if (n === 3 && TaskContext.get().attemptNumber < 2) throw new Error("not yet");
      return n;
    });
    await checks.is("what failed attempts add does not count", [await failing.count(), failures.value], [5, 5]);

    const told = await numbers.mapPartitions(() => {
      const { partitionId, numPartitions, attemptNumber, taskAttemptId } = TaskContext.get();
      return [`${partitionId}/${numPartitions}/${attemptNumber}/${taskAttemptId.split("/").length}`];
    });
    await checks.is("a task knows its place", told.collect(), ["0/3/0/3", "1/3/0/3", "2/3/0/3"]);
    await checks.is("also if it is the only one", told.take(1), ["0/3/0/3"]);

    const named = numbers.map((n) => table.value.get(n) ?? "?");
    await checks.is("a broadcast variable", named.collect(), ["one", "?", "?", "?", "?"]);
    table.unpersist();
    await checks.is("is sent again", named.first(), "one");
    await checks.fails(
      "is let go on the driver only",
      numbers.foreach(() => table.unpersist()),
      /BROADCAST_MISUSED/,
    );
    table.destroy();
    await checks.fails("is of no use once destroyed", named.collect(), /CAPTURE_NOT_SHIPPABLE.*destroyed/);
    checks.report();
  });
});
