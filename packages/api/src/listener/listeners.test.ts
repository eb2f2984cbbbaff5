import { epochMs, executorId, millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";
import type { EngineBatch } from "./engine-event.ts";
import { StatsReportListener } from "./stats-report-listener.ts";
import type { BatchInfo, OutputOperationInfo, ReceiverInfo, StreamingListener } from "./streaming-listener.ts";

/** Records everything it is told. */
class Recorder implements Required<StreamingListener> {
  readonly heard: string[] = [];
  readonly batches: BatchInfo[] = [];
  readonly outputs: OutputOperationInfo[] = [];
  readonly receivers: ReceiverInfo[] = [];

  onStreamingStarted({ time }: { readonly time: number }): void {
    this.heard.push(`started ${time}`);
  }
  onReceiverStarted(event: { readonly receiverInfo: ReceiverInfo }): void {
    this.#receiver("started", event.receiverInfo);
  }
  onReceiverError(event: { readonly receiverInfo: ReceiverInfo }): void {
    this.#receiver("error", event.receiverInfo);
  }
  onReceiverStopped(event: { readonly receiverInfo: ReceiverInfo }): void {
    this.#receiver("stopped", event.receiverInfo);
  }
  onBatchSubmitted(event: { readonly batchInfo: BatchInfo }): void {
    this.#batch("submitted", event.batchInfo);
  }
  onBatchStarted(event: { readonly batchInfo: BatchInfo }): void {
    this.#batch("started", event.batchInfo);
  }
  onBatchCompleted(event: { readonly batchInfo: BatchInfo }): void {
    this.#batch("completed", event.batchInfo);
  }
  onOutputOperationStarted(event: { readonly outputOperationInfo: OutputOperationInfo }): void {
    this.#output("started", event.outputOperationInfo);
  }
  onOutputOperationCompleted(event: { readonly outputOperationInfo: OutputOperationInfo }): void {
    this.#output("completed", event.outputOperationInfo);
  }

  #receiver(what: string, info: ReceiverInfo): void {
    this.heard.push(`receiver ${info.streamId} ${what}`);
    this.receivers.push(info);
  }
  #batch(what: string, info: BatchInfo): void {
    this.heard.push(`batch ${info.batchTime} ${what}`);
    this.batches.push(info);
  }
  #output(what: string, info: OutputOperationInfo): void {
    this.heard.push(`output ${info.id} ${what}`);
    this.outputs.push(info);
  }
}

async function watched(build: (ssc: StreamingContext, port: FakePort) => unknown) {
  const recorder = new Recorder();
  const lab = await GraphLab.build((ssc, port) => {
    ssc.addStreamingListener(recorder);
    return build(ssc, port);
  });
  /** A batch as the engine reports it, which ran from `startedMs` to `endedMs`. */
  const batch = async (time: number, more: Partial<EngineBatch> = {}): Promise<void> => {
    const told: EngineBatch = {
      ...{ time: epochMs(time), records: new Map(), startedMs: undefined, endedMs: undefined },
      ...{ spilledBytes: 0, error: undefined },
      ...more,
    };
    const started = { ...told, endedMs: undefined, spilledBytes: 0, error: undefined };
    lab.graph.observe({ type: "batchSubmitted", batch: { ...started, startedMs: undefined } });
    lab.graph.observe({ type: "batchStarted", batch: started });
    await lab.batch(time);
    lab.graph.observe({ type: "batchCompleted", batch: told });
  };
  return { recorder, lab, port: lab.port, batch };
}

describe("a streaming listener", () => {
  test("observes the start, each batch and its outputs, in the order of events (SL-1)", async () => {
    const { recorder, batch } = await watched((ssc) => {
      const stream = ssc.socketTextStream("h", 1);
      stream.print();
      stream.foreachRDD(() => {});
    });
    await batch(1000);
    expect(recorder.heard).toEqual([
      "started 0",
      "batch 1000 submitted",
      "batch 1000 started",
      "output 0 started",
      "output 0 completed",
      "output 1 started",
      "output 1 completed",
      "batch 1000 completed",
    ]);
  });

  test("sees the contribution of each input, and all times and delays (SL-2)", async () => {
    const { recorder, lab, batch } = await watched((ssc) => {
      ssc.queueStream([["a", "b"]]).print();
      ssc.socketTextStream("h", 1).named("chat").print();
      ssc.textFileStream("/in").print();
      ssc.rateStream(3).foreachRDD(() => {});
    });
    lab.port.memory.directory("/in");
    lab.port.memory.add("/in/a", { bytes: 5, modifiedMs: 900 });
    await batch(1000, { records: new Map([[0, 7]]), startedMs: 1020, endedMs: 1120, spilledBytes: 4096 });
    const [submitted, started, completed] = recorder.batches;
    expect(submitted).toMatchObject({ submissionTime: 1000, numRecords: 7, schedulingDelay: undefined });
    expect(started).toMatchObject({
      processingStartTime: 1020,
      schedulingDelay: 20,
      totalDelay: undefined,
      spilledBytes: 0,
    });
    expect(completed).toEqual({
      batchTime: 1000,
      streamIdToInputInfo: {
        0: { inputStreamId: 0, name: "chat", numRecords: 7, metadata: {} },
        1: { inputStreamId: 1, name: "queueStream", numRecords: 2, metadata: {} },
        2: { inputStreamId: 2, name: "textFileStream /in", numRecords: 0, metadata: { files: ["/in/a"] } },
        3: { inputStreamId: 3, name: "rateStream 3/s", numRecords: 3, metadata: {} },
      },
      submissionTime: 1000,
      processingStartTime: 1020,
      processingEndTime: 1120,
      outputOperationInfos: expect.objectContaining({ 0: recorder.outputs[1], 3: recorder.outputs[7] }),
      schedulingDelay: 20,
      processingDelay: 100,
      totalDelay: 120,
      numRecords: 12,
      spilledBytes: 4096,
      failureReason: undefined,
    });
  });

  test("sees when each output began and ended, and why one failed", async () => {
    const { recorder, batch } = await watched((ssc, port) => {
      const stream = ssc.socketTextStream("h", 1);
      stream.foreachRDD(() => port.clock.advance(millis(30)));
      stream.foreachRDD(() => {
        throw new Error("no room");
      });
    });
    await batch(1000, { error: { name: "Error", message: "the batch failed" } });
    const name = { name: "foreachRDD", description: "foreachRDD of socketTextStream h:1", batchTime: 1000 };
    expect(recorder.outputs).toMatchObject([
      { ...name, id: 0, startTime: 1000, endTime: undefined },
      { ...name, id: 0, startTime: 1000, endTime: 1030, duration: 30, failureReason: undefined },
      { ...name, id: 1, startTime: 1030 },
      { ...name, id: 1, failureReason: expect.stringContaining("no room") },
    ]);
    expect(recorder.batches.at(-1)).toMatchObject({
      failureReason: "the batch failed",
      outputOperationInfos: { 1: { failureReason: expect.stringContaining("no room") } },
    });
  });

  test("sees where a receiver runs, and its last error", async () => {
    const { recorder, lab } = await watched((ssc) => ssc.socketTextStream("h", 1).print());
    const on = { type: "receiver", stream: 0, executor: executorId("e-1"), location: "10.0.0.1" } as const;
    const error = { name: "Error", message: "reset" };
    lab.graph.observe({ ...on, change: "started", error: undefined, at: epochMs(10) });
    lab.graph.observe({ ...on, change: "error", error, at: epochMs(20) });
    lab.graph.observe({ ...on, change: "started", error: undefined, at: epochMs(30) });
    lab.graph.observe({ ...on, change: "stopped", error: undefined, at: epochMs(40) });
    const where = { streamId: 0, name: "socketTextStream h:1", location: "10.0.0.1", executorId: "e-1" };
    expect(recorder.receivers).toMatchObject([
      { ...where, active: true, lastErrorMessage: undefined, lastErrorTime: undefined },
      { ...where, active: false, lastErrorMessage: "reset", lastErrorTime: 20 },
      { ...where, active: true, lastErrorMessage: "reset", lastErrorTime: 20 },
      { ...where, active: false, lastErrorMessage: "reset", lastErrorTime: 20 },
    ]);
    expect(recorder.receivers[1]?.lastError).toBeInstanceOf(Error);
  });

  test("that throws, or rejects, is a warning, and the others are called", async () => {
    const { recorder, lab, port, batch } = await watched((ssc) => {
      ssc.addStreamingListener({
        onBatchStarted() {
          throw new TypeError("at once");
        },
        async onBatchCompleted() {
          throw new TypeError("later");
        },
      });
      const after = { onBatchStarted: () => recorder.heard.push("the next one") };
      ssc.addStreamingListener(after);
      ssc.socketTextStream("h", 1).print();
    });
    await batch(1000);
    await lab.batch(2000);
    expect(recorder.heard).toContain("the next one");
    expect(port.warnings).toEqual([
      expect.stringMatching(/\[JOB_CODE_FAILED\] onBatchStarted of a streaming listener threw TypeError: at once/),
      expect.stringMatching(/\[JOB_CODE_FAILED\] onBatchCompleted of a streaming listener threw TypeError: later/),
    ]);
  });

  test("may be added and removed while batches run; events are requested only while there are listeners", async () => {
    const recorder = new Recorder();
    const port = new FakePort();
    const lab = await GraphLab.build(
      (ssc) =>
        ssc.socketTextStream("h", 1).foreachRDD((_, time) => {
          if (time === 2000) for (const _twice of [1, 2]) ssc.addStreamingListener(recorder);
          if (time === 3000) ssc.removeStreamingListener(recorder);
        }),
      { port },
    );
    for (const time of [1000, 2000, 3000, 4000]) await lab.batch(time);
    expect(recorder.heard).toEqual(["output 0 started"]);
    expect(port.watched).toEqual([true, false]);
  });

  test.each([[undefined], [null], [{}], ["onBatchCompleted"], [{ onBatchFinished: () => {} }]])(
    "is refused when it is %s",
    async (given) => {
      const wrong: unknown = given;
      await expect(
        GraphLab.build((ssc) => ssc.addStreamingListener(wrong as StreamingListener)), // as untyped code may
      ).rejects.toThrow(/\[BAD_ARGUMENT\] addStreamingListener takes an object with some of the methods onStreaming/);
    },
  );
});

describe("StatsReportListener", () => {
  const batchInfo = (processingDelay: number | undefined, totalDelay: number | undefined): BatchInfo => ({
    ...{ batchTime: 0, streamIdToInputInfo: {}, submissionTime: 0, outputOperationInfos: {}, numRecords: 0 },
    spilledBytes: 0,
    ...{ processingStartTime: 0, processingEndTime: 0, schedulingDelay: 0, failureReason: undefined },
    ...{ processingDelay, totalDelay },
  });

  test("prints how delays of the last batches spread (SL-3)", () => {
    const texts: string[] = [];
    const listener = new StatsReportListener(4, (text) => texts.push(text));
    for (const ms of [1000, 10, 20, 30, 40]) listener.onBatchCompleted({ batchInfo: batchInfo(ms / 2, ms) });
    expect(texts).toHaveLength(5);
    expect(texts.at(-1)?.split("\n")).toEqual([
      "Total delay: (count: 4, mean: 25 ms, stdev: 11.2 ms)",
      "\t0%\t5%\t10%\t25%\t50%\t75%\t90%\t95%\t100%",
      "\t10 ms\t10 ms\t10 ms\t20 ms\t30 ms\t40 ms\t40 ms\t40 ms\t40 ms",
      "Processing time: (count: 4, mean: 12.5 ms, stdev: 5.6 ms)",
      "\t0%\t5%\t10%\t25%\t50%\t75%\t90%\t95%\t100%",
      "\t5 ms\t5 ms\t5 ms\t10 ms\t15 ms\t20 ms\t20 ms\t20 ms\t20 ms",
    ]);
  });

  test.each([0, -1, 1.5])("is refused %d batches", (batches) => {
    expect(() => new StatsReportListener(batches)).toThrow(/\[BAD_ARGUMENT\] the number of batches of Stats/);
  });
});

test("stop in build keeps the job from starting, with a warning (SC-13)", async () => {
  const lab = await GraphLab.build((ssc) => {
    ssc.socketTextStream("h", 1).print();
    ssc.stop();
    ssc.stop();
  });
  expect(lab.port.stops).toEqual([false, false]);
  expect(lab.port.warnings[0]).toMatch(/the job ends before its first batch/);
});

test("getState says where the job is (SC-14)", async () => {
  const states: string[] = [];
  let context: StreamingContext | undefined;
  const lab = await GraphLab.build((ssc) => {
    context = ssc;
    states.push(ssc.getState());
    ssc.socketTextStream("h", 1).foreachRDD(() => void states.push(ssc.getState()));
  });
  await lab.batch(1000);
  await lab.graph.end(undefined);
  states.push(context?.getState() ?? "");
  expect(states).toEqual(["INITIALIZED", "ACTIVE", "STOPPED"]);
});
