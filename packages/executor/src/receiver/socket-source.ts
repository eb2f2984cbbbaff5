import { connect, type Socket } from "node:net";
import { EngineError } from "@millrace/base";
import { receiverFailed, sourceDown } from "../errors.ts";
import type { LineCutter, RecordCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";
import type { Source, SourceEvents } from "./source.ts";

export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Lines of text from a TCP server: UTF-8 that is not valid becomes U+FFFD when a line is read. A last line without an end is
 * a record when the server ends the connection; what a broken connection, a line that is too long or a stop cuts off is not
 * a line, and is left out.
 */
export class SocketTextSource implements Source {
  readonly #where: SocketAddress;
  readonly #cutter: LineCutter;
  readonly #gate: Gate;
  readonly #events: SourceEvents;
  #socket: Socket | undefined;
  #over = false;

  constructor(where: SocketAddress, cutter: LineCutter, gate: Gate, events: SourceEvents) {
    this.#where = where;
    this.#cutter = cutter;
    this.#gate = gate;
    this.#events = events;
  }

  start(): void {
    const socket = connect(this.#where.port, this.#where.host);
    this.#socket = socket;
    socket.setKeepAlive(true, 10_000);
    socket.on("connect", () => this.#events.running());
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => this.#cutter.endOfInput());
    socket.on("error", (error) => this.#end(down(this.#where, error.message)));
    socket.on("close", () => this.#end(down(this.#where, "it closed the connection")));
    this.#gate.onChange((open) => (open ? socket.resume() : socket.pause()));
  }

  async stop(): Promise<void> {
    this.#finish();
    await this.#cutter.close();
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return;
    try {
      if (this.#cutter.push(chunk)) this.#events.received();
    } catch (error) {
      this.#end(error instanceof EngineError ? error : down(this.#where, String(error)));
      return;
    }
    if (!this.#gate.open) this.#socket?.pause();
  }

  #end(error: EngineError): void {
    if (this.#over) return;
    this.#finish();
    this.#events.ended({ kind: "retry", error });
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#gate.onChange(undefined);
    this.#socket?.destroy();
    this.#cutter.cut();
  }
}

/** `(stream) => records`: the job's own reading of a socket's bytes. */
export type Decoder = (stream: AsyncIterable<Uint8Array>) => AsyncIterable<unknown> | Iterable<unknown>;

/** Records that a function of the job reads from a TCP server's bytes. */
export class SocketDecoderSource implements Source {
  readonly #where: SocketAddress;
  readonly #decoder: Decoder;
  readonly #cutter: RecordCutter;
  readonly #gate: Gate;
  readonly #events: SourceEvents;
  #socket: Socket | undefined;
  #over = false;

  constructor(
    where: SocketAddress,
    decoder: Decoder,
    sinks: { readonly cutter: RecordCutter; readonly gate: Gate; readonly events: SourceEvents },
  ) {
    this.#where = where;
    this.#decoder = decoder;
    this.#cutter = sinks.cutter;
    this.#gate = sinks.gate;
    this.#events = sinks.events;
  }

  start(): void {
    const socket = connect(this.#where.port, this.#where.host);
    this.#socket = socket;
    socket.setKeepAlive(true, 10_000);
    socket.on("connect", () => this.#events.running());
    this.#read(socket).then(
      () => this.#end(down(this.#where, "it closed the connection")),
      (error: unknown) => this.#end(this.#failure(error)),
    );
  }

  async stop(): Promise<void> {
    this.#over = true;
    this.#socket?.destroy();
    await this.#cutter.close();
  }

  async #read(socket: Socket): Promise<void> {
    for await (const record of this.#decoder(bytesOf(socket))) {
      if (this.#over) return;
      this.#events.received();
      if (!this.#gate.open) await this.#gate.pass();
      void this.#cutter.write(record);
    }
  }

  #end(error: EngineError): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket?.destroy();
    this.#cutter.cut();
    this.#events.ended({ kind: "retry", error });
  }

  #failure(error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    if (error instanceof Error && "syscall" in error) return down(this.#where, error.message);
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return receiverFailed(
      `the decoder of the socket ${this.#where.host}:${this.#where.port} failed: ${text}. The connection is made again after a pause.`,
      {
        cause: error,
      },
    );
  }
}

/** Plain chunks: the job's code need not know what a Buffer is. */
async function* bytesOf(socket: Socket): AsyncGenerator<Uint8Array> {
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    // without an encoding a socket gives buffers
    yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}

export function down({ host, port }: SocketAddress, why: string): EngineError {
  return sourceDown(
    `the source ${host}:${port} is down: ${why}. It is tried again with growing pauses, and batches go on without it. ` +
      `Check that something listens there and that this executor can reach it.`,
    { fields: { host, port } },
  );
}
