import { connect, type Socket } from "node:net";
import { EngineError } from "@millrace/base";
import { sourceDown } from "../errors.ts";
import type { Gate } from "./gate.ts";
import type { ReceiverRun, RunEvents } from "./receiver-run.ts";

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** A TCP server's bytes, chunk by chunk, as long as the gate is open. */
export abstract class SocketChunks implements ReceiverRun {
  protected readonly where: SocketAddress;
  protected readonly events: RunEvents;
  readonly #gate: Gate;
  #socket: Socket | undefined;
  #over = false;

  constructor(where: SocketAddress, gate: Gate, events: RunEvents) {
    this.where = where;
    this.events = events;
    this.#gate = gate;
  }

  start(): void {
    const socket = connect(this.where.port, this.where.host);
    this.#socket = socket;
    socket.setKeepAlive(true, 10_000);
    socket.on("connect", () => this.events.running());
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => this.endOfInput());
    socket.on("error", (error) => this.#end(down(this.where, error.message)));
    socket.on("close", () => this.#end(down(this.where, this.closed())));
    this.#gate.onChange((open) => (open ? socket.resume() : socket.pause()));
  }

  async stop(): Promise<void> {
    this.#takeRead();
    this.#finish();
    await this.close();
  }

  /**
   * Data that a paused socket has already read; each `read` is emitted as `data`. Bounded by its high-water mark.
   */
  #takeRead(): void {
    const socket = this.#socket;
    while (!this.#over && socket !== undefined && socket.read() !== null);
  }

  /** Takes a chunk. An error ends the connection, which is redialled after a pause. */
  protected abstract take(chunk: Uint8Array): void;

  /** Drops what is incomplete. */
  protected abstract cut(): void;

  /** Passes on what is complete. */
  protected abstract close(): Promise<void>;

  /** The server has sent everything. */
  protected endOfInput(): void {}

  /** The message for a closed connection. */
  protected closed(): string {
    return "it closed the connection";
  }

  #onData(chunk: Uint8Array): void {
    if (this.#over) return;
    try {
      this.take(chunk);
    } catch (error) {
      this.#end(error instanceof EngineError ? error : down(this.where, String(error)));
      return;
    }
    if (!this.#gate.open) this.#socket?.pause();
  }

  #end(error: EngineError): void {
    if (this.#over) return;
    this.#finish();
    this.events.ended({ kind: "retry", error });
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#gate.onChange(undefined);
    this.#socket?.destroy();
    this.cut();
  }
}

export function down({ host, port }: SocketAddress, why: string): EngineError {
  return sourceDown(
    `the source ${host}:${port} is down: ${why}. It is retried with increasing pauses, and batches continue without it. ` +
      `Check that something listens there and that this executor can reach it.`,
    { fields: { host, port } },
  );
}
