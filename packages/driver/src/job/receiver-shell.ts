import type { EngineEvent, RecalledReceived } from "@millrace/api/engine";
import {
  type Clock,
  type EpochMs,
  type ExecutorId,
  type JobConf,
  type StreamId,
  systemRng,
  unreachable,
  type WarningSink,
} from "@millrace/base";
import type { BatchInput, BlockId, ReceiverPlan } from "@millrace/plan";
import type { FromExecutor } from "@millrace/rpc";
import {
  leavingWaits,
  type RecalledInput,
  type ReceivedLoss,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverTracker,
  recalledInputs,
  receivedLoss,
  receiverTracker,
  receiverWaits,
  recordsOfBatch,
  stepReceivers,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";
import type { Executors } from "./executors.ts";
import type { JobLog } from "./thread/protocol.ts";

export interface ReceiverShellPorts extends WarningSink {
  /** What a stop, or an executor that leaves, waits for may have changed. */
  changed(): void;
  readonly executors: Executors;
  /** Does something when this process is known to be the owner of the checkpoint directory. */
  asOwner(deed: () => void): void;
  /** The batch's blocks are allocated. */
  onAllocated(batch: EpochMs): void;
  /** The input of a batch that is to run. */
  onInput(input: BatchInput): void;
  /** Received blocks were copied to another executor, of which plans made earlier do not know. */
  onHolderAdded(executor: ExecutorId, blocks: readonly BlockId[]): void;
  /** Blocks with added holders were released. */
  onCopiesReleased(blocks: readonly BlockId[]): void;
  /** Segments of the received log that nothing needs any more. */
  onSegmentsFree(segments: readonly string[]): void;
  /** For the job's listeners. */
  observe(event: EngineEvent): void;
  /** All receivers have stopped. `pending`: some of their blocks are allocated to no batch. */
  onAllStopped(pending: boolean): void;
}

/** Carries out the receiver tracker's decisions. */
export class ReceiverShell {
  readonly #state: ReceiverTracker;
  readonly #specs: ReadonlyMap<StreamId, ReceiverPlan>;
  readonly #declared: readonly ReceiverPlan[];
  readonly #replicate: boolean;
  readonly #blockIntervalMs: number;
  readonly #clock: Clock;
  /** Received blocks are in the received log. */
  readonly #logs: boolean;
  /** Host names of executors that run or ran receivers. */
  readonly #locations = new Map<ExecutorId, string>();
  readonly #recalled: RecalledInput | undefined;
  readonly #ports: ReceiverShellPorts;
  readonly #machine: Dispatcher<ReceiverEvent, ReceiverEffect>;

  constructor(
    declared: readonly ReceiverPlan[],
    options: {
      readonly conf: JobConf;
      readonly batchIntervalMs: number;
      readonly replicate: boolean;
      readonly clock: Clock;
      readonly log: JobLog | undefined;
    },
    ports: ReceiverShellPorts,
  ) {
    this.#state = receiverTracker({
      bufferBytes: options.conf["receiver.buffer.bytes"],
      rng: systemRng(),
      ...(options.log === undefined ? {} : { epoch: options.log.epoch }),
    });
    this.#recalled = options.log?.received;
    this.#logs = options.conf["receiver.log"] === "on";
    this.#replicate = options.replicate && !this.#logs; // the log is the second copy
    this.#specs = new Map(declared.map((plan) => [plan.stream, plan]));
    this.#blockIntervalMs =
      options.conf["receiver.block.interval"] || Math.min(200, Math.max(5, Math.floor(options.batchIntervalMs / 5)));
    this.#declared = declared;
    this.#clock = options.clock;
    this.#ports = ports;
    this.#machine = new Dispatcher(
      (event) => stepReceivers(this.#state, event),
      (effect) => this.#perform(effect),
      () => ports.changed(),
    );
  }

  /** Starts the declared receivers on executors that are ready, and on later ones. */
  start(): void {
    const receivers = this.#declared.map(({ stream, input, name, level }) => ({
      stream,
      input,
      name,
      copies: this.#replicate && level.replication > 1 ? (2 as const) : (1 as const),
    }));
    this.dispatch({
      type: "started",
      receivers,
      ...(this.#recalled === undefined ? {} : { recalled: this.#recalled }),
    });
  }

  onMessage(executor: ExecutorId, message: FromExecutor): void {
    if (message.type === "received") {
      this.dispatch({ type: "received", executor, stream: message.stream, blocks: message.blocks });
    } else if (message.type === "blocksCopied") {
      this.dispatch({ type: "blocksCopied", executor, copied: message.copied, failed: message.failed });
    } else if (message.type === "receiver") {
      this.dispatch({ type: "receiverStatus", executor, stream: message.stream, status: message.status });
    }
  }

  /** The receivers that a graceful stop waits for. */
  waits(): readonly string[] {
    return receiverWaits(this.#state);
  }

  /** What leaving executors are needed for. */
  leavingWaits(): ReadonlyMap<ExecutorId, readonly string[]> {
    return leavingWaits(this.#state);
  }

  /** What is left of the received input of an earlier run's batches. Before the first batch. */
  recalled(): RecalledReceived {
    return recalledInputs(this.#state);
  }

  /** Received data that was not processed. */
  loss(): ReceivedLoss {
    return receivedLoss(this.#state);
  }

  /** By stream: the records of a batch's blocks, as of its start once it runs. */
  records(batch: EpochMs): ReadonlyMap<number, number> {
    return recordsOfBatch(this.#state, batch);
  }

  dispatch(event: ReceiverEvent): void {
    this.#machine.dispatch(event);
  }

  #perform(effect: ReceiverEffect): void {
    const { executors } = this.#ports;
    switch (effect.type) {
      case "startReceiver":
        return this.#start(effect);
      case "stopReceiver":
        return executors.send(effect.executor, { type: "stopReceiver", stream: effect.stream });
      case "replicateTo":
        return executors.send(effect.executor, { type: "replicateTo", stream: effect.stream, peer: effect.peer });
      case "receiverBacklog":
        return executors.send(effect.executor, { type: "receiverBacklog", stream: effect.stream, bytes: effect.bytes });
      case "allocated":
        return this.#ports.onAllocated(effect.batch);
      case "batchInput":
        return this.#ports.onInput(effect.input);
      case "blocksTaken":
        return this.#confirm(effect);
      case "executorFree":
        return executors.release(effect.executor);
      case "copyBlocks":
        return executors.send(effect.executor, { type: "copyBlocks", blocks: effect.blocks });
      case "copyAfter":
        this.#clock.after(effect.delay, () => this.dispatch({ type: "copyDue", executor: effect.executor }));
        return;
      case "segmentsFree":
        return this.#ports.onSegmentsFree(effect.segments);
      case "holderAdded":
        return this.#ports.onHolderAdded(effect.executor, effect.blocks);
      case "copiesReleased":
        return this.#ports.onCopiesReleased(effect.blocks);
      case "dropBlocks":
        return executors.tidy(effect.executor, { type: "dropBlocks", blocks: effect.blocks });
      case "blocksLost":
        return this.#ports.warn(effect.warning);
      case "warning":
        return this.#ports.warn(effect);
      case "warningOver":
        return this.#ports.warningOver(effect);
      case "receiverChanged":
        return this.#observe(effect);
      case "allStopped":
        return this.#ports.onAllStopped(effect.pending);
      default:
        return unreachable(effect);
    }
  }

  /**
   * A source forgets what is confirmed. Another owner has found in the log what was there when it took over, and nobody reads what
   * comes after that from executors that are not its own.
   */
  #confirm({ executor, stream, blocks }: Extract<ReceiverEffect, { readonly type: "blocksTaken" }>): void {
    const confirm = (): void => this.#ports.executors.send(executor, { type: "blocksTaken", stream, blocks });
    if (this.#logs) this.#ports.asOwner(confirm);
    else confirm();
  }

  #observe({ stream, change, executor, error }: Extract<ReceiverEffect, { readonly type: "receiverChanged" }>): void {
    // Remembered, because the executor may be lost by now.
    const location = this.#ports.executors.addressOf(executor)?.host ?? this.#locations.get(executor) ?? "";
    this.#locations.set(executor, location);
    this.#ports.observe({ type: "receiver", stream, change, executor, location, error, at: this.#clock.now() });
  }

  #start({ executor, stream, replicateTo, run }: Extract<ReceiverEffect, { readonly type: "startReceiver" }>): void {
    const declared = this.#specs.get(stream);
    if (declared === undefined) return; // the tracker names only declared receivers
    const { receiver, level, input } = declared;
    this.#ports.executors.send(executor, {
      type: "startReceiver",
      stream,
      receiver,
      blockIntervalMs: this.#blockIntervalMs,
      level,
      replicateTo,
      input,
      run,
    });
  }
}
