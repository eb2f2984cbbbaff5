import { type Clock, type EpochMs, fromWireError, thrownMessage, unreachable } from "@millrace/base";
import type { FixedInput, ReceiverPlan } from "@millrace/plan";
import type { Output } from "../graph/graph-builder.ts";
import { inputReport } from "../source/input-report.ts";
import type { EngineBatch, EngineEvent } from "./engine-event.ts";
import type { ListenerBus } from "./listener-bus.ts";
import type { BatchInfo, InputInfo, OutputOperationInfo, ReceiverInfo } from "./streaming-listener.ts";

export interface JobWatchOptions {
  readonly bus: ListenerBus;
  readonly receivers: readonly ReceiverPlan[];
  /** The inputs without a receiver. `input` identifies one; `name` is for people. */
  readonly inputs: readonly { readonly input: string; readonly name: string }[];
  /** The fixed inputs of a batch, by name; empty before it runs. */
  readonly inputsOf: (time: EpochMs) => ReadonlyMap<string, FixedInput>;
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
}

/** Makes listener events: of outputs here, and of receivers and batches elsewhere. */
export class JobWatch {
  readonly #options: JobWatchOptions;
  readonly #receivers = new Map<number, ReceiverInfo>();
  /** Outputs of uncompleted batches. */
  readonly #outputs = new Map<number, Map<number, OutputOperationInfo>>();

  constructor(options: JobWatchOptions) {
    this.#options = options;
  }

  observe(event: EngineEvent): void {
    const { bus } = this.#options;
    switch (event.type) {
      case "receiver":
        return this.#onReceiver(event);
      case "batchSubmitted":
        return bus.post("onBatchSubmitted", { batchInfo: this.#batchInfo(event.batch) });
      case "batchStarted":
        return bus.post("onBatchStarted", { batchInfo: this.#batchInfo(event.batch) });
      case "batchCompleted":
        bus.post("onBatchCompleted", { batchInfo: this.#batchInfo(event.batch) });
        this.#outputs.delete(event.batch.time);
        return;
      default:
        return unreachable(event);
    }
  }

  streamingStarted(): void {
    const { bus, clock } = this.#options;
    bus.post("onStreamingStarted", { time: clock.now() });
  }

  /** Runs an output operation of a batch and reports it. */
  async output(output: Output, batchTime: EpochMs, run: () => Promise<void>): Promise<void> {
    const { bus, clock } = this.#options;
    if (!bus.heard) return run();
    const { id, operator, label } = output;
    const startTime = clock.now();
    const startedMs = clock.monotonicMs();
    const begun: OutputOperationInfo = {
      ...{ batchTime, id, name: operator, description: label, startTime },
      ...{ endTime: undefined, duration: undefined, failureReason: undefined },
    };
    this.#note(begun);
    bus.post("onOutputOperationStarted", { outputOperationInfo: begun });
    const completed = (failureReason: string | undefined): void => {
      const duration = Math.round(clock.monotonicMs() - startedMs); // independent of the wall clock
      const info = { ...begun, endTime: startTime + duration, duration, failureReason };
      this.#note(info);
      bus.post("onOutputOperationCompleted", { outputOperationInfo: info });
    };
    try {
      await run();
    } catch (error) {
      completed(thrownMessage(error));
      throw error;
    }
    completed(undefined);
  }

  /** A batch that was cut short is never completed; it is dropped here. */
  forget(time: EpochMs): void {
    this.#outputs.delete(time);
  }

  #note(info: OutputOperationInfo): void {
    const known = this.#outputs.get(info.batchTime) ?? new Map<number, OutputOperationInfo>();
    known.set(info.id, info);
    this.#outputs.set(info.batchTime, known);
  }

  #onReceiver(event: Extract<EngineEvent, { readonly type: "receiver" }>): void {
    const { stream, change, executor, location, error, at } = event;
    const known = this.#receivers.get(stream);
    const lastError = error === undefined ? known?.lastError : fromWireError(error);
    const receiverInfo: ReceiverInfo = {
      streamId: stream,
      name: this.#options.receivers.find((plan) => plan.stream === stream)?.name ?? `receiver ${stream}`,
      active: change === "started",
      location,
      executorId: executor,
      lastErrorMessage: lastError?.message,
      lastError,
      lastErrorTime: error === undefined ? known?.lastErrorTime : at,
    };
    this.#receivers.set(stream, receiverInfo);
    const { bus } = this.#options;
    if (change === "started") bus.post("onReceiverStarted", { receiverInfo });
    else if (change === "error") bus.post("onReceiverError", { receiverInfo });
    else bus.post("onReceiverStopped", { receiverInfo });
  }

  #batchInfo({ time, records, startedMs, endedMs, spilledBytes, error }: EngineBatch): BatchInfo {
    const inputs = [...this.#received(records), ...this.#reported(time)];
    return {
      batchTime: time,
      streamIdToInputInfo: Object.fromEntries(inputs.map((info) => [info.inputStreamId, info])),
      submissionTime: time,
      processingStartTime: startedMs,
      processingEndTime: endedMs,
      outputOperationInfos: Object.fromEntries(this.#outputs.get(time) ?? []),
      schedulingDelay: startedMs === undefined ? undefined : Math.max(0, startedMs - time),
      processingDelay: startedMs === undefined || endedMs === undefined ? undefined : endedMs - startedMs,
      totalDelay: endedMs === undefined ? undefined : endedMs - time,
      numRecords: inputs.reduce((sum, { numRecords }) => sum + numRecords, 0),
      spilledBytes,
      failureReason: error?.message,
    };
  }

  #received(records: ReadonlyMap<number, number>): InputInfo[] {
    return this.#options.receivers.map(({ stream, name }) => ({
      inputStreamId: stream,
      name,
      numRecords: records.get(stream) ?? 0,
      metadata: {},
    }));
  }

  #reported(time: EpochMs): InputInfo[] {
    const { inputs, receivers, inputsOf } = this.#options;
    const fixed = inputsOf(time);
    return inputs.flatMap(({ input, name }, i) => {
      const report = inputReport(fixed.get(input));
      if (report === undefined) return [];
      const { records: numRecords, files } = report;
      const metadata = files === undefined ? {} : { files };
      return [{ inputStreamId: receivers.length + i, name, numRecords, metadata }];
    });
  }
}
