import { epochMs } from "@millrace/base";
import { decodeBlock, emptyClassTable } from "@millrace/codec";
import { describe, expect, test } from "vitest";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";
import { StorageLevel } from "../rdd/storage-level.ts";
import { rawBlock } from "./raw-block.ts";
import { Receiver } from "./receiver.ts";

describe("queueStream", () => {
  test("takes one element per batch, spread over the default parallelism; then the default", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc.queueStream([["a", "b", "c"], ssc.parallelize(["d"], 1)], { default: ["z"] }).print(),
    );
    const tasks = async (time: number) => {
      await lab.batch(time);
      return lab.port.plans.splice(0)[0]?.stages[0]?.tasks.map((task) => task.inputs[0]?.kind);
    };
    expect(await tasks(1000)).toEqual(["inline", "inline"]);
    expect(await tasks(2000)).toEqual(["inline"]);
    expect(await tasks(3000)).toEqual(["blocks", "inline"]); // of one record, the first half is empty
  });

  test("stores large batches at the driver, and drops them with their batch", async () => {
    const big = Array.from({ length: 200 }, (_, i) => `${i}`.repeat(500));
    const lab = await GraphLab.build((ssc) => ssc.queueStream([big]).print());
    await lab.batch(1000);
    expect(lab.port.put).toEqual(["driver/0", "driver/1"]);
    lab.graph.release(epochMs(1000));
    expect(lab.port.dropped).toEqual(["driver/0", "driver/1"]);
  });

  test("takes all elements at once on request", async () => {
    const lab = await GraphLab.build((ssc) => ssc.queueStream([["a"], ["b"]], { oneAtATime: false }).print());
    expect(await lab.plansOf(1000)).toContain("4 tasks");
  });
});

describe("queueStream's queue", () => {
  test.each<[unknown]>([[7], ["abc"], [null], [new Set([1])]])("is refused %s as a batch", async (batch) => {
    const queue = [["fine"], batch as string[]]; // as untyped code may
    const lab = await GraphLab.build((ssc) => ssc.queueStream(queue).print());
    expect((await lab.batch(1000)).error).toBeUndefined();
    expect((await lab.batch(2000)).error?.message).toMatch(/\[BAD_ARGUMENT\] an element of queueStream's queue is/);
  });
});

test("rawBlock returns a block after its length", () => {
  const framed = rawBlock(["a", ["b", 1]]);
  expect(new DataView(framed.buffer).getUint32(0)).toBe(framed.length - 4);
  expect(decodeBlock(framed.subarray(4), emptyClassTable)).toEqual(["a", ["b", 1]]);
});

describe("receivers", () => {
  class Ticker extends Receiver<number> {
    readonly every: number;
    constructor(every: number) {
      super();
      this.every = every;
    }
    onStart(): void {}
    onStop(): void {}
  }

  test("are listed with their parameters", async () => {
    const port = new FakePort();
    port.registry.defineClass("Ticker", Ticker);
    const lab = await GraphLab.build(
      (ssc) => {
        ssc.socketTextStream("localhost", 9999).named("chat").print();
        ssc.receiverStream(new Ticker(5)).print();
        ssc.socketStream("h", 1, (bytes) => bytes).print();
        ssc.rawSocketStream("h", 2, StorageLevel.DISK_ONLY).print();
        ssc.iterableStream(() => [1, 2]).print();
      },
      { port },
    );
    expect(lab.graph.receivers).toMatchObject([
      {
        stream: 0,
        name: "chat",
        receiver: { kind: "socketText", host: "localhost", port: 9999 },
        level: { replication: 2 },
      },
      { stream: 1, name: "receiverStream Ticker", receiver: { kind: "custom" } },
      { stream: 2, name: "socketStream h:1", receiver: { kind: "socket" } },
      { stream: 3, receiver: { kind: "rawSocket", host: "h", port: 2 }, level: { memory: false } },
      { stream: 4, name: "iterableStream", receiver: { kind: "iterable" }, level: { replication: 2 } },
    ]);
  });

  test("refuse anything but a function", async () => {
    const wrong: unknown = [1, 2];
    await expect(
      GraphLab.build((ssc) => ssc.iterableStream(wrong as () => number[]).print()), // as untyped code may
    ).rejects.toThrow(/\[FUNCTION_NOT_SHIPPABLE\] iterableStream takes a function, and was given object/);
  });

  test("say so when they are used before the engine has them", () => {
    expect(() => new Ticker(5).store(1)).toThrow(/RECEIVER_DETACHED/);
  });
});
