import { encodeValue } from "@millrace/codec";
import { describe, expect, test } from "vitest";
import { TaskContext } from "../function/task-context.ts";
import { buildJob } from "../job/build-job.ts";
import { defineJob } from "../job/define-job.ts";
import { minutes, seconds } from "../job/durations.ts";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";
import type { RDD } from "../rdd/rdd.ts";
import type { DStream } from "../stream/dstream.ts";

const options = { name: "test", batchInterval: "1s" } as const;

describe("defineJob", () => {
  test.each([
    [{}, /name must be .*; batchInterval is missing/],
    [{ ...options, interval: 1 }, /no option "interval"/],
    [{ ...options, name: " " }, /name must be/],
    [{ ...options, batchInterval: "soon" }, /BAD_DURATION\] batchInterval is "soon"/],
    [{ ...options, checkpointDir: "" }, /checkpointDir/],
    [null, /defineJob takes options/],
  ])("refuses %j", (given, message) => {
    expect(() => defineJob(given as never, () => {})).toThrow(message);
  });

  test("accepts durations in all their forms", () => {
    expect(defineJob({ ...options, batchInterval: seconds(0.5) }, () => {}).batchInterval).toBe(500);
    expect(defineJob({ ...options, batchInterval: minutes(2) }, () => {}).batchInterval).toBe(120_000);
  });
});

describe("a job is refused at its start", () => {
  const start = (exported: unknown) => {
    const port = new FakePort();
    return buildJob(exported, { port, registry: port.registry, args: [], directory: "/c" });
  };

  test("when its module exports something else", async () => {
    await expect(start(undefined)).rejects.toThrow(/NOT_A_JOB\] .* is missing/);
    await expect(start(() => {})).rejects.toThrow(/NOT_A_JOB\] .* of type function/);
  });

  test("when it has no output", async () => {
    await expect(start(defineJob(options, (ssc) => void ssc.queueStream([])))).rejects.toThrow(/NO_OUTPUT/);
  });

  test("when a setting is wrong", async () => {
    const job = defineJob({ ...options, conf: { "task.attempts": 1 } }, (ssc) => ssc.queueStream([]).print());
    await expect(start(job)).rejects.toThrow(/BAD_CONFIGURATION\].*task\.attempts/);
  });

  test("when build throws, with its error", async () => {
    await expect(start(defineJob(options, async () => Promise.reject(new TypeError("mine"))))).rejects.toThrow("mine");
  });

  test.each<[string, (lines: DStream<string>) => unknown, RegExp]>([
    ["partitions", (s) => s.repartition(0), /numPartitions of repartition is 0; .* from 1 to 4096/],
    ["many partitions", (s) => s.map((w) => [w, 1]).groupByKey(5000), /is 5000/],
    ["print", (s) => s.print(-1), /records to print is -1/],
    ["a name", (s) => s.named("a b"), /BAD_ARGUMENT\] the name "a b"/],
    ["a name twice", (s) => [s.named("a"), s.map((w) => w).named("a")], /NAME_TAKEN/],
    ["transform", (s) => s.transform(1 as never), /BAD_ARGUMENT\] transform takes a function, and was given number/],
    ["union", (s) => s.union({} as never), /BAD_ARGUMENT\] union takes streams/],
    [
      "a partitioner",
      (s) =>
        s.map((w) => [w, 1]).groupByKey({ numPartitions: 2, partitioner: { numPartitions: 3, getPartition: () => 0 } }),
      /Give one of the two/,
    ],
  ])("for a wrong %s", async (_, declare, message) => {
    await expect(GraphLab.build((ssc) => declare(ssc.socketTextStream("h", 1)))).rejects.toThrow(message);
  });

  test.each<[string, (ssc: Parameters<Parameters<typeof defineJob>[1]>[0]) => unknown, RegExp]>([
    ["a port", (ssc) => ssc.socketTextStream("h", 70_000), /port of socketTextStream is 70000/],
    ["a host", (ssc) => ssc.socketTextStream("", 1), /host/],
    ["a path", (ssc) => ssc.textFileStream(""), /path/],
    ["a receiver", (ssc) => ssc.receiverStream({} as never), /extends Receiver/],
    ["an action in build", (ssc) => ssc.parallelize([1]).collect(), /ACTION_TOO_EARLY\] collect/],
    ["the parallelism in build", (ssc) => ssc.longAccumulator().value + ssc.defaultParallelism, /ACTION_TOO_EARLY/],
  ])("for %s", async (_, declare, message) => {
    const port = new FakePort();
    port.defaultParallelism = 0;
    await expect(GraphLab.build(declare, { port })).rejects.toThrow(message);
  });
});

test("streams and RDDs of two jobs do not mix", async () => {
  let other: DStream<string> | undefined;
  let otherRdd: RDD<number> | undefined;
  await GraphLab.build((ssc) => {
    other = ssc.socketTextStream("h", 1);
    otherRdd = ssc.parallelize([1]);
    other.print();
  });
  await expect(GraphLab.build((ssc) => ssc.socketTextStream("h", 1).union(other as never))).rejects.toThrow(
    /OTHER_CONTEXT/,
  );
  await expect(GraphLab.build((ssc) => ssc.parallelize([1]).union(otherRdd as never))).rejects.toThrow(/OTHER_CONTEXT/);
});

test("the graph cannot change once the batches have begun", async () => {
  const lab = await GraphLab.build((ssc) => {
    const lines = ssc.socketTextStream("h", 1);
    lines.foreachRDD(() => lines.map((w) => w));
  });
  const { error } = await lab.batch(1000);
  expect(error?.message).toMatch(/GRAPH_CLOSED\] map was called after the job had started/);
});

describe("a batch", () => {
  test("prints the records of its stream, up to num", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("h", 1)
        .map((w) => [w, 1])
        .print(2),
    );
    lab.port.answer = () => [
      [
        ["hello", 45],
        ["b\nc", { a: [1, true] }],
        ["c", 1],
      ],
    ];
    await lab.batch(1000, { blocks: ["recv/0"] });
    await lab.batch(2000);
    const rule = "-".repeat(43);
    const [first = "", empty = ""] = lab.port.texts;
    const time = /Time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/;
    expect(first.replace(time, "T")).toBe(
      `${rule}\nT\n${rule}\n[ 'hello', 45 ]\n[ 'b\\nc', { a: [ 1, true ] } ]\n...\n\n`,
    );
    expect(empty.replace(time, "T")).toBe(`${rule}\nT\n${rule}\n\n`);
    expect(first).toMatch(time);
  });

  test("gives foreachRDD an id of its output and batch, the same when the batch runs again", async () => {
    const seen: string[] = [];
    const lab = await GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("h", 1);
      lines.foreachRDD((_, __, id) => void seen.push(id));
      lines.foreachRDD((_, __, id) => void seen.push(id)).named("totals");
    });
    await lab.run(1000);
    await lab.run(1000);
    await lab.run(2000);
    const of = (time: number) => [`test/foreachRDD-0/${time}`, `test/totals/${time}`];
    expect(seen).toEqual([...of(1000), ...of(1000), ...of(2000)]);
  });

  test("calls foreachRDD in the order of registration, for empty batches too, with the batch time", async () => {
    const seen: string[] = [];
    const lab = await GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("h", 1);
      lines.foreachRDD(async (rdd, time) => {
        await Promise.resolve();
        seen.push(`one ${time} ${await rdd.getNumPartitions()}`);
      });
      lines.foreachRDD((_, time) => void seen.push(`two ${time}`));
    });
    await lab.batch(1000, { blocks: ["recv/0"] });
    await lab.batch(2000);
    expect(seen).toEqual(["one 1000 1", "two 1000", "one 2000 0", "two 2000"]);
  });

  test("fails with the error of its output, and runs the other outputs", async () => {
    const lab = await GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("h", 1);
      lines.foreachRDD(async () => Promise.reject(new RangeError("mine")));
      lines.print();
    });
    const outcome = await lab.batch(1000);
    expect(outcome.error).toMatchObject({ code: "JOB_CODE_FAILED", cause: expect.any(RangeError) });
    expect(outcome.failures).toMatchObject([{ part: "output", output: { id: 0 } }]);
    expect(lab.port.texts).toHaveLength(1);
  });

  test.each([
    ["undefined", () => undefined],
    ["an array", () => [1]],
    ["an object", () => ({})],
    ["a stream", (stream: unknown) => stream],
  ])("fails when transform gives no RDD but %s", async (what, give) => {
    const lab = await GraphLab.build((ssc) => {
      const stream = ssc.socketTextStream("h", 1);
      stream.transform(() => give(stream) as never).print();
    });
    const { error } = await lab.batch(1000);
    expect(error?.message).toContain(`returned ${what} for batch 1000`);
  });

  test("runs transform once, before any of its outputs", async () => {
    let calls = 0;
    const lab = await GraphLab.build((ssc) => {
      const made = ssc.socketTextStream("h", 1).transform(async (rdd) => {
        calls += 1;
        await rdd.count();
        return rdd;
      });
      made.print();
      made.count().print();
    });
    await lab.batch(1000, { blocks: ["recv/0"] });
    expect(calls).toBe(1);
  });

  test("brings state up to it though no output asks for it", async () => {
    const lab = await GraphLab.build((ssc) => {
      const state = ssc
        .socketTextStream("h", 1)
        .map((w) => [w, 1])
        .updateStateByKey<number>((added) => added.length);
      state.foreachRDD(() => {});
    });
    expect(await lab.plansOf(1000)).toContain("for every key -> take 0");
  });

  test("waits for the actions that foreachRDD did not wait for", async () => {
    let release = (): void => {};
    const lab = await GraphLab.build((ssc, port) => {
      port.hold = new Promise((resolve) => {
        release = resolve;
      });
      ssc.socketTextStream("h", 1).foreachRDD((rdd) => void rdd.foreach(() => {}));
    });
    let done = false;
    const batch = lab.batch(1000, { blocks: ["recv/0"] }).then(() => {
      done = true;
    });
    while (lab.port.plans.length === 0) await Promise.resolve();
    expect(done).toBe(false);
    release();
    await batch;
  });
});

describe("accumulators", () => {
  test("add the updates of successful tasks", async () => {
    const lab = await GraphLab.build((ssc, port) => {
      const sum = ssc.longAccumulator("sum");
      const items = ssc.collectionAccumulator<string>();
      ssc.socketTextStream("h", 1).foreachRDD(async (rdd) => {
        await rdd.foreach(() => {});
        port.write(JSON.stringify([sum.value, sum.count, sum.avg, items.value]));
      });
    });
    const updates = [
      [0, "long", [3, 2]],
      [1, "collection", ["x"]],
    ];
    lab.port.accumulators.push(encodeValue(updates, lab.port.registry.classes), new Uint8Array());
    await lab.batch(1000, { blocks: ["a"] });
    await lab.batch(2000, { blocks: ["b"] });
    expect(lab.port.texts).toEqual(['[3,2,1.5,["x"]]', '[3,2,1.5,["x"]]']);
  });

  test("of the author merge the updates of tasks, and can be reset", async () => {
    const lab = await GraphLab.build((ssc, port) => {
      const longest = ssc.accumulator({
        zero: () => "",
        add: (a: string, b: string) => (b.length > a.length ? b : a),
        merge: (a, b) => (b.length > a.length ? b : a),
        value: (word) => word.length,
      });
      longest.add("on the driver");
      ssc.socketTextStream("h", 1).foreachRDD(async (rdd) => {
        await rdd.foreach(() => {});
        port.write(String(longest.value));
        longest.reset();
      });
    });
    lab.port.accumulators.push(encodeValue([[0, "custom", "from an executor"]], lab.port.registry.classes));
    await lab.batch(1000, { blocks: ["a"] });
    await lab.batch(2000, { blocks: ["b"] });
    expect(lab.port.texts).toEqual(["16", "0"]);
  });

  test("of the author need their functions", async () => {
    const spec = { zero: () => 0, add: (a: number) => a };
    await expect(GraphLab.build((ssc) => ssc.accumulator(spec as never))).rejects.toThrow(/BAD_ARGUMENT.*has no merge/);
  });

  test("take numbers of their kind only", async () => {
    await expect(GraphLab.build((ssc) => ssc.longAccumulator("n").add(1.5))).rejects.toThrow(
      /ACCUMULATOR_MISUSED\] the long accumulator n takes a whole number, not 1\.5/,
    );
  });
});

test("a destroyed broadcast variable says so", async () => {
  await expect(
    GraphLab.build((ssc) => {
      const value = ssc.broadcast(1);
      value.destroy();
      return value.value;
    }),
  ).rejects.toThrow(/BROADCAST_DESTROYED/);
});

test("there is no task on the driver", () => {
  expect(() => TaskContext.get()).toThrow(/NO_TASK/);
});
