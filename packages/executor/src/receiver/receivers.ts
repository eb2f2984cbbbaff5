import type { Broadcast, Receiver } from "@millrace/api";
import {
  type Clock,
  type Deferred,
  deferred,
  fromWireError,
  millis,
  type StreamId,
  systemRng,
  unreachable,
  type WireError,
} from "@millrace/base";
import { decodeValue, emptyClassTable } from "@millrace/codec";
import type { ReceiverSpec } from "@millrace/plan";
import type { FunctionTable } from "@millrace/runtime";
import type { BlockPool, SpillDirectory } from "@millrace/storage";
import { receiverClosed, receiverFailed } from "../errors.ts";
import { type CutBlock, type CutterOptions, FrameBlockCutter, LineBlockCutter, RecordCutter } from "./block-cutter.ts";
import { CustomReceiverRun, tellSafe } from "./custom-receiver-run.ts";
import { Gate } from "./gate.ts";
import { IterableRun, type MakeIterable } from "./iterable-run.ts";
import type { FromReceivers, ReceiverInit, ToReceivers } from "./protocol.ts";
import { RawSocketRun } from "./raw-socket-run.ts";
import type { ReceiverRun, RunEvents } from "./receiver-run.ts";
import { type Decoder, SocketDecoderRun, SocketTextRun } from "./socket-run.ts";
import { SupervisedReceiver } from "./supervised-receiver.ts";

export interface ReceiversPorts {
  readonly init: ReceiverInit;
  readonly pool: BlockPool;
  readonly spills: SpillDirectory;
  readonly functions: FunctionTable;
  readonly clock: Clock;
  /** Loads the job's executor build, which registers its functions and classes. */
  loadJob(): Promise<unknown>;
  send(message: FromReceivers): void;
  /** All receivers have stopped. */
  end(): void;
}

interface Unconfirmed {
  readonly bytes: number;
  readonly safe: Deferred<void>;
}

interface Entry {
  readonly receiver: SupervisedReceiver;
  readonly gate: Gate;
  /** Blocks that the main thread has not confirmed. */
  readonly unconfirmed: Map<number, Unconfirmed>;
  nextBlock: number;
  /** After all that is safe. */
  position: Uint8Array | undefined;
  /** No block of the current run was sent. */
  fresh: boolean;
}

/** The receivers of one thread. */
export class Receivers {
  readonly #ports: ReceiversPorts;
  readonly #entries = new Map<StreamId, Entry>();
  readonly #values = new Map<StreamId, unknown>();
  #loaded: Promise<unknown> | undefined;

  constructor(ports: ReceiversPorts) {
    this.#ports = ports;
  }

  onMessage(message: ToReceivers): void {
    switch (message.type) {
      case "start":
        return this.#start(message);
      case "stop":
        return void this.#stop(message.stream);
      case "hold":
        return this.#entries.get(message.stream)?.gate.hold(message.held);
      case "confirmed":
        return this.#confirmed(message.stream, message.block);
      case "refused":
        return this.#refused(message.stream, message.block, message.error);
      case "ping":
        return this.#ports.send({ type: "pong" });
      case "end":
        return this.#ports.end();
      default:
        return unreachable(message);
    }
  }

  #start(message: Extract<ToReceivers, { readonly type: "start" }>): void {
    const { stream, spec, blockIntervalMs, afterMs, held, position } = message;
    if (this.#entries.has(stream)) return; // it runs
    const { init, clock } = this.#ports;
    const gate = new Gate(init.unconfirmedBytesMax);
    gate.hold(held);
    const receiver = new SupervisedReceiver({
      restartDelay: init.restartDelay,
      rng: systemRng(),
      clock,
      newRun: (events) => this.#newRun(stream, spec, { blockIntervalMs, gate, events }),
      report: (status) => {
        if (status.state === "stopped") {
          this.#entries.delete(stream);
          this.#values.delete(stream);
        }
        this.#ports.send({ type: "status", stream, status });
      },
    });
    this.#entries.set(stream, { receiver, gate, unconfirmed: new Map(), nextBlock: 0, position, fresh: true });
    receiver.start(afterMs);
  }

  async #stop(stream: StreamId): Promise<void> {
    const entry = this.#entries.get(stream);
    if (entry === undefined) this.#ports.send({ type: "status", stream, status: { state: "stopped" } });
    else await entry.receiver.stop();
  }

  #confirmed(stream: StreamId, block: number): void {
    const entry = this.#entries.get(stream);
    const waiting = entry?.unconfirmed.get(block);
    if (entry === undefined || waiting === undefined) return;
    entry.unconfirmed.delete(block);
    entry.gate.confirmed(waiting.bytes);
    waiting.safe.resolve();
  }

  /** It stays unconfirmed, so that a receiver whose blocks are refused is held back. */
  #refused(stream: StreamId, block: number, error: WireError): void {
    this.#entries.get(stream)?.unconfirmed.get(block)?.safe.reject(fromWireError(error));
  }

  #emit(stream: StreamId, cut: CutBlock): Promise<void> {
    const entry = this.#entries.get(stream);
    if (entry === undefined) {
      return Promise.reject(
        receiverClosed(`a block of ${cut.records} records arrived after its receiver had stopped. It is refused.`),
      );
    }
    const block = entry.nextBlock++;
    const safe = deferred<void>();
    entry.unconfirmed.set(block, { bytes: cut.bytes, safe });
    entry.gate.sent(cut.bytes);
    this.#ports.send({ type: "block", stream, block, ...cut, first: entry.fresh });
    entry.fresh = false;
    return safe.promise;
  }

  #newRun(
    stream: StreamId,
    spec: ReceiverSpec,
    by: { readonly blockIntervalMs: number; readonly gate: Gate; readonly events: RunEvents },
  ): ReceiverRun | Promise<ReceiverRun> {
    const { pool, spills, clock } = this.#ports;
    const { gate, events } = by;
    const outlet = { emit: (block: CutBlock) => this.#emit(stream, block) };
    const cutting: CutterOptions = { pool, spills, intervalMs: by.blockIntervalMs, clock, outlet };
    if (spec.kind === "socketText") {
      const { lineBytesMax } = this.#ports.init;
      const lines = { ...cutting, source: `the socket ${spec.host}:${spec.port}`, lineBytesMax };
      return new SocketTextRun(spec, new LineBlockCutter(lines), gate, events);
    }
    if (spec.kind === "rawSocket") return new RawSocketRun(spec, new FrameBlockCutter(cutting), gate, events);
    return this.#jobSource(stream, spec, { cutting, gate, events });
  }

  /** The instance or function of a stream: one for all its restarts, as it may remember its position. */
  async #valueOf(stream: StreamId, captures: Uint8Array): Promise<unknown> {
    this.#loaded ??= this.#ports.loadJob();
    await this.#loaded;
    const known = this.#values.get(stream);
    if (known !== undefined) return known;
    const [[value] = []] = this.#ports.functions.decode(captures, noBroadcast);
    this.#values.set(stream, value);
    return value;
  }

  /** @returns The position from which it goes on. */
  #beginRun(stream: StreamId): unknown {
    const entry = this.#entries.get(stream);
    if (entry === undefined) return undefined;
    entry.fresh = true;
    return entry.position && decodeValue(entry.position, emptyClassTable);
  }

  async #jobSource(
    stream: StreamId,
    spec: Exclude<ReceiverSpec, { readonly kind: "socketText" | "rawSocket" }>,
    by: { readonly cutting: CutterOptions; readonly gate: Gate; readonly events: RunEvents },
  ): Promise<ReceiverRun> {
    const value = await this.#valueOf(stream, codeOf(spec));
    const position = this.#beginRun(stream);
    const { functions, clock } = this.#ports;
    const sinksOf = (cutting: CutterOptions) => ({
      cutter: new RecordCutter(cutting, functions.classes),
      gate: by.gate,
      events: by.events,
    });
    const stopTimeout = millis(this.#ports.init.stopTimeoutMs);
    // Encoded by the api, and checked when the stream was declared.
    switch (spec.kind) {
      case "socket":
        return new SocketDecoderRun(spec, value as Decoder, sinksOf(by.cutting));
      case "iterable":
        return new IterableRun(stream, value as MakeIterable, sinksOf(by.cutting), clock);
      case "custom": {
        const receiver = value as Receiver<unknown>;
        const onSafe = (after: unknown, encoded: Uint8Array): void => {
          const entry = this.#entries.get(stream);
          if (entry !== undefined) entry.position = encoded;
          tellSafe(receiver, after, by.events);
        };
        const sinks = sinksOf({ ...by.cutting, onSafe });
        return new CustomReceiverRun({ ...sinks, stream, receiver, clock, stopTimeout, position });
      }
      default:
        return unreachable(spec);
    }
  }
}

/** The decoder, function or instance, in the encoding of captures. */
function codeOf(spec: Exclude<ReceiverSpec, { readonly kind: "socketText" | "rawSocket" }>): Uint8Array {
  switch (spec.kind) {
    case "socket":
      return spec.decoder;
    case "iterable":
      return spec.source;
    case "custom":
      return spec.receiver;
    default:
      return unreachable(spec);
  }
}

function noBroadcast(name: string): Broadcast<unknown> {
  throw receiverFailed(
    `a receiver uses the broadcast variable ${name}. Receivers cannot use broadcast variables: capture the value instead.`,
  );
}
