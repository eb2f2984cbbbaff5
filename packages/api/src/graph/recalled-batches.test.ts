import { epochMs } from "@millrace/base";
import { blockId, type FixedInput, type LoggedBatches, type PendingBatch, type ReceivedInput } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { externalStream } from "../external/external-source.ts";
import { buildJob } from "../job/build-job.ts";
import { defineJob } from "../job/define-job.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { FakePort } from "../lab/graph.fixture.ts";
import type { RecalledReceived } from "../port/graph-port.ts";

const at = epochMs;
const received: ReceivedInput = {
  kind: "received",
  blocks: [{ id: blockId("recv/0/0"), bytes: 10, records: 7, at: ["driver"] }],
  records: 7,
};
const failed: FixedInput = { kind: "failed", error: { name: "Error", message: "boom" } };

const pendingOf = (inputs: Readonly<Record<string, FixedInput>>, more: Partial<PendingBatch> = {}): PendingBatch => ({
  time: at(3_000),
  inputs: new Map(Object.entries(inputs)),
  states: new Map(),
  prepared: undefined,
  error: undefined,
  done: [],
  ...more,
});

/** A job that goes on from what was logged. */
async function resumed(
  build: (ssc: StreamingContext) => unknown,
  logged: Partial<LoggedBatches>,
  received: RecalledReceived = new Map(),
) {
  const port = new FakePort();
  const job = defineJob({ name: "test", batchInterval: "1s", checkpointDir: "/checkpoint" }, (ssc) => build(ssc));
  const graph = await buildJob(job, { port, registry: port.registry, args: [], directory: "/unused" });
  const found: LoggedBatches = {
    zeroTime: at(0),
    committed: { last: at(2_000), states: new Map() },
    remembered: [],
    pending: undefined,
    memories: new Map(),
    memoriesAt: at(0),
    received: new Map(),
    ...logged,
  };
  await graph.startBatches(at(0), { id: "5f3a", log: { epoch: 7, found, received } });
  const run = async (time: number, also: Readonly<Record<string, FixedInput>> = {}) => {
    const { inputs: fixed } = await graph.fixInput(at(time));
    const inputs = new Map([...fixed, ...Object.entries(also)]);
    return { fixed, outcome: await graph.runBatch({ time: at(time), inputs, states: new Map() }) };
  };
  return { port, graph, run };
}

/** A source that gives numbers, and remembers what it was asked. */
function numbers(asked: string[]): (ssc: StreamingContext) => void {
  return (ssc) =>
    externalStream<number, number, undefined>(ssc, {
      label: "numbers",
      options: undefined,
      start: (last) => void asked.push(`start after ${last}`),
      fix: (time) => {
        asked.push(`fix ${time}`);
        return [time];
      },
      read: (n) => [n],
    }).foreachRDD((rdd) => rdd.count());
}

describe("a job that goes on", () => {
  test("gives the pending batch the input that was logged, and asks for the next one's", async () => {
    const asked: string[] = [];
    const first = await resumed(numbers(asked), {});
    const { fixed } = await first.run(3_000);
    const input = fixed.get("input-0");
    if (input === undefined) throw new Error("the input was fixed");
    asked.length = 0;
    const { run } = await resumed(numbers(asked), { pending: pendingOf({ "input-0": input }) });
    expect((await run(3_000)).fixed).toEqual(fixed);
    await run(4_000);
    expect(asked).toEqual(["start after 3000", "fix 4000"]);
  });

  test("asks again for an input that could not be fixed, and for one that is new", async () => {
    const asked: string[] = [];
    const build = (ssc: StreamingContext): void => {
      numbers(asked)(ssc);
      numbers(asked)(ssc);
    };
    const { run } = await resumed(build, { pending: pendingOf({ "input-0": failed }) });
    expect((await run(3_000)).outcome.error).toBeUndefined();
    expect(asked.filter((line) => line === "fix 3000")).toHaveLength(2);
  });

  test("leaves out outputs that an earlier run of the pending batch has committed, in that batch alone", async () => {
    const ran: number[] = [];
    const build = (ssc: StreamingContext): void => {
      const stream = ssc.rateStream(1);
      stream.foreachRDD((_, time) => void ran.push(time));
      stream.foreachRDD((_, time) => void ran.push(-time));
    };
    const { graph } = await resumed(build, {});
    const [first] = graph.outputs;
    if (first === undefined) throw new Error("it has outputs");
    const { run } = await resumed(build, { pending: pendingOf({}, { done: [first] }) });
    await run(3_000);
    await run(4_000);
    expect(ran).toEqual([-3_000, 4_000, -4_000]);
  });

  test("counts received records that are gone, and a window goes on without them", async () => {
    const { port, run } = await resumed(
      (ssc) =>
        ssc
          .socketTextStream("localhost", 1)
          .named("chat")
          .window("2s")
          .foreachRDD((rdd) => rdd.count()),
      {
        remembered: [{ time: at(2_000), inputs: new Map([["chat", received]]), states: new Map() }],
        pending: pendingOf({ chat: received }),
      },
    );
    expect(port.warnings).toEqual([
      expect.stringMatching(/^\[CHECKPOINT_INPUT_LOST\] 14 records that .* had received for batches 2000 to 3000/),
    ]);
    const { outcome } = await run(3_000, { chat: { kind: "received", blocks: [], records: 0 } });
    expect(outcome.error).toBeUndefined();
  });

  test("says nothing of received records that are still somewhere, and counts only the others", async () => {
    const half = { ...received, records: 3 };
    const chat = (ssc: StreamingContext) => ssc.socketTextStream("localhost", 1).named("chat").window("2s").print();
    const logged = { remembered: [{ time: at(2_000), inputs: new Map([["chat", received]]), states: new Map() }] };
    const of = (input: ReceivedInput): RecalledReceived => new Map([[at(2_000), new Map([["chat", input]])]]);
    expect((await resumed(chat, logged, of(received))).port.warnings).toEqual([]);
    expect((await resumed(chat, logged, of(half))).port.warnings).toEqual([
      expect.stringMatching(/^\[CHECKPOINT_INPUT_LOST\] 4 records that .* had received for batch 2000/),
    ]);
  });

  test("names streams whose batches no log can hold, also when it begins", async () => {
    const { port } = await resumed((ssc) => ssc.queueStream([[1]]).print(), {});
    expect(port.warnings).toEqual([expect.stringMatching(/^\[CHECKPOINT_UNLOGGED\] .* queueStream is not logged/)]);
  });
});
