import { connect, type Socket } from "node:net";
import { describeThrown, EngineError } from "@millrace/base";
import { receiverFailed } from "../errors.ts";
import type { LineBlockCutter, RecordCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";
import type { ReceiverRun, RunEvents } from "./receiver-run.ts";
import { down, type SocketAddress, SocketChunks } from "./socket-chunks.ts";

/**
 * Lines of text from a TCP server, which end at "\n", "\r\n" or a "\r" alone. UTF-8 that is not valid becomes U+FFFD
 * when a line is read; a byte-order mark stays. A last line without an end is a record when the server ends the
 * connection; a line cut off by a broken connection, its length or a stop is dropped.
 */
export class SocketTextRun extends SocketChunks {
  readonly #cutter: LineBlockCutter;

  constructor(where: SocketAddress, cutter: LineBlockCutter, gate: Gate, events: RunEvents) {
    super(where, gate, events);
    this.#cutter = cutter;
  }

  protected override take(chunk: Uint8Array): void {
    if (this.#cutter.push(chunk)) this.events.received();
  }

  protected override endOfInput(): void {
    this.#cutter.endOfInput();
  }

  protected override cut(): void {
    this.#cutter.cut();
  }

  protected override close(): Promise<void> {
    return this.#cutter.close();
  }
}

/** `(stream) => records`: the job's own decoding of a socket's bytes. */
export type Decoder = (stream: AsyncIterable<Uint8Array>) => AsyncIterable<unknown> | Iterable<unknown>;

/** Records that a function of the job decodes from a TCP server's bytes. */
export class SocketDecoderRun implements ReceiverRun {
  readonly #where: SocketAddress;
  readonly #decoder: Decoder;
  readonly #cutter: RecordCutter;
  readonly #gate: Gate;
  readonly #events: RunEvents;
  #socket: Socket | undefined;
  #over = false;

  constructor(
    where: SocketAddress,
    decoder: Decoder,
    sinks: { readonly cutter: RecordCutter; readonly gate: Gate; readonly events: RunEvents },
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
      // First: a record held while waiting would be lost with a stop.
      void this.#cutter.write(record);
      if (!this.#gate.open) await this.#gate.pass();
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
    return receiverFailed(
      `the decoder of the socket ${this.#where.host}:${this.#where.port} failed: ${describeThrown(error)}.`,
      {
        cause: error,
      },
    );
  }
}

/** Plain chunks: the job's code need not know Buffer. */
async function* bytesOf(socket: Socket): AsyncGenerator<Uint8Array> {
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    // without an encoding a socket gives buffers
    yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
}
