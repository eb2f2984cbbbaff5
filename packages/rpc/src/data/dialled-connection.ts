import { connect, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { BlockId } from "@millrace/plan";
import { formatAddress } from "../bind.ts";
import { blockNotHeld, clientClosed, frameCutShort, frameMalformed, peerUnreachable } from "../errors.ts";
import type { DataAddress } from "../session.ts";
import { type TlsSettings, untrusted } from "../tls.ts";
import {
  countPayload,
  FRAME,
  type FrameHandler,
  FrameParser,
  type FrameType,
  frame,
  malformedFrame,
  readCount,
} from "./frame.ts";
import { checkWelcome, errorFromPayload, helloPayload } from "./handshake.ts";
import type { BlockSink } from "./ports.ts";
import { sendParts } from "./send.ts";

export type Request = {
  readonly id: BlockId;
  readonly reject: (error: Error) => void;
} & (
  | { readonly kind: "get"; readonly sink: BlockSink; readonly resolve: (bytes: number) => void }
  | { readonly kind: "put"; readonly bytes: number; readonly parts: Iterable<Uint8Array>; readonly resolve: () => void }
);

interface Pending {
  readonly request: Request;
  received: number;
  error: Error | undefined;
}

/** Reused by every read of a connection: large enough that a block takes few turns of the event loop. */
const READ_BUFFER_BYTES = 256 * 1024;

/** The dialling end of one connection. */
export class DialledConnection implements FrameHandler {
  readonly #where: string;
  readonly #socket: Socket;
  readonly #silenceMs: number;
  readonly #handlers: { settled(): void; closed(error: Error): void };
  readonly #parser = new FrameParser(this);
  readonly #pending = new Map<number, Pending>();
  #nextRequest = 1;
  #welcomed = false;
  #corked = false;
  #closed = false;
  /** Puts are sent one after the other. */
  #sending: Promise<void> = Promise.resolve();

  constructor(
    address: DataAddress,
    options: { readonly token: string | undefined; readonly tls: TlsSettings | undefined; readonly silenceMs: number },
    handlers: { settled(): void; closed(error: Error): void },
  ) {
    this.#where = formatAddress(address);
    this.#silenceMs = options.silenceMs;
    this.#handlers = handlers;
    this.#socket = dial(address, options.tls, (input) => this.#read(input));
    this.#socket.setTimeout(options.silenceMs, () => this.#silent());
    this.#socket.on("error", (error) => {
      if (isUntrusted(this.#socket)) this.#fail(untrusted(this.#where, error.message));
      else this.#lost(error.message);
    });
    this.#socket.on("end", () => this.#lost("it hung up"));
    this.#socket.on("close", () => this.#lost("it closed"));
    this.#socket.write(frame(FRAME.hello, 0, helloPayload(options.token)));
  }

  get closed(): boolean {
    return this.#closed;
  }

  get inFlight(): number {
    return this.#pending.size;
  }

  send(request: Request): void {
    const number = this.#nextRequest;
    this.#nextRequest = (number % 0xffff_ffff) + 1;
    this.#pending.set(number, { request, received: 0, error: undefined });
    if (this.#pending.size === 1) this.#socket.setTimeout(this.#silenceMs);
    if (request.kind === "get") this.#write(frame(FRAME.get, number, Buffer.from(request.id, "utf8")));
    else this.#sending = this.#sending.then(() => this.#sendBlock(number, request));
  }

  close(): void {
    this.#fail(clientClosed());
  }

  frame(type: FrameType, number: number, payload: Buffer): void {
    if (type === FRAME.welcome) {
      checkWelcome(payload);
      this.#welcomed = true;
      if (this.#pending.size === 0) this.#socket.setTimeout(0);
    } else if (type === FRAME.error && number === 0) {
      throw errorFromPayload(payload);
    } else {
      this.#answered(type, number, payload);
    }
  }

  data(number: number, piece: Buffer): void {
    const pending = this.#pendingOf(number);
    pending.received += piece.byteLength;
    if (pending.error !== undefined || pending.request.kind !== "get") return;
    try {
      pending.request.sink.chunk(piece);
    } catch (error) {
      this.#abort(pending, error instanceof Error ? error : new Error(String(error)));
    }
  }

  #answered(type: FrameType, number: number, payload: Buffer): void {
    const pending = this.#pendingOf(number);
    switch (type) {
      case FRAME.found:
        return;
      case FRAME.end:
        this.#settle(number);
        this.#complete(pending, readCount(payload));
        return;
      case FRAME.stored:
        this.#settle(number);
        if (pending.request.kind === "put") pending.request.resolve();
        return;
      case FRAME.missing:
        this.#settle(number);
        this.#abort(pending, this.#missing(pending.request.id));
        return;
      case FRAME.error:
        this.#settle(number);
        this.#abort(pending, errorFromPayload(payload));
        return;
      default:
        throw malformedFrame(`a client was sent a frame of type ${type}`);
    }
  }

  #complete(pending: Pending, bytes: number): void {
    const { request, received } = pending;
    if (pending.error !== undefined || request.kind !== "get") return;
    if (received !== bytes) {
      this.#abort(pending, this.#cutShort(`block ${request.id} has ${bytes} bytes and ${received} arrived`));
      return;
    }
    let ended: void | Promise<void>;
    try {
      ended = request.sink.end();
    } catch (error) {
      request.reject(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (ended instanceof Promise) ended.then(() => request.resolve(bytes), request.reject);
    else request.resolve(bytes);
  }

  #pendingOf(number: number): Pending {
    const pending = this.#pending.get(number);
    if (pending === undefined) throw malformedFrame(`it answers request ${number}, which is not open`);
    return pending;
  }

  #settle(number: number): void {
    this.#pending.delete(number);
    if (this.#pending.size === 0) this.#socket.setTimeout(0);
    queueMicrotask(() => this.#handlers.settled());
  }

  /** The request fails; the rest of its block is discarded. */
  #abort(pending: Pending, error: Error): void {
    if (pending.error !== undefined) return;
    pending.error = error;
    if (pending.request.kind === "get") pending.request.sink.abort(error);
    pending.request.reject(error);
  }

  async #sendBlock(number: number, request: Extract<Request, { kind: "put" }>): Promise<void> {
    if (this.#closed) return;
    const id = Buffer.from(request.id, "utf8");
    try {
      this.#socket.write(frame(FRAME.put, number, Buffer.concat([countPayload(request.bytes), id])));
      const sent = await sendParts(this.#socket, number, request.parts);
      if (sent !== request.bytes)
        throw frameMalformed(
          `block ${request.id} has ${sent} bytes of the ${request.bytes} announced. The connection is closed.`,
        );
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Requests made within one turn leave in one packet. */
  #write(bytes: Buffer): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      queueMicrotask(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  #read(input: Buffer): void {
    if (this.#closed) return;
    try {
      this.#parser.push(input);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #silent(): void {
    if (this.#welcomed && this.#pending.size === 0) return;
    this.#fail(
      peerUnreachable(
        `${this.#where} has sent nothing for ${this.#silenceMs} ms and owes ${this.#pending.size} answers. The connection is closed and its blocks are fetched elsewhere.`,
        { fields: { address: this.#where } },
      ),
    );
  }

  #lost(why: string): void {
    if (this.#closed) return;
    this.#fail(
      this.#welcomed
        ? this.#cutShort(why)
        : peerUnreachable(
            `the data port ${this.#where} cannot be reached: ${why}. Check that the process is running there, that no firewall blocks the port, and that the host it advertises (--advertise, or else its --host) is one by which this machine reaches it.`,
            { fields: { address: this.#where } },
          ),
    );
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    for (const pending of this.#pending.values()) this.#abort(pending, error);
    this.#pending.clear();
    this.#handlers.closed(error);
  }

  #missing(id: BlockId): Error {
    return blockNotHeld(`${this.#where} no longer holds block ${id}. It is recomputed.`, {
      fields: { block: id, address: this.#where },
    });
  }

  #cutShort(why: string): Error {
    return frameCutShort(
      `the data connection to ${this.#where} ended before the requested blocks had arrived: ${why}. They are requested again, or recomputed.`,
      { fields: { address: this.#where } },
    );
  }
}

/** It was closed because its certificate is not trusted. */
function isUntrusted(socket: Socket): boolean {
  return socket instanceof TLSSocket && Boolean(socket.authorizationError);
}

function dial(address: DataAddress, tls: TlsSettings | undefined, read: (input: Buffer) => void): Socket {
  if (tls !== undefined) {
    const socket = connectTls({
      ...address,
      ...(isIP(address.host) === 0 ? { servername: address.host } : {}), // TLS has no names for addresses; the certificate is compared to the address nevertheless
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    });
    socket.setNoDelay(true);
    socket.on("data", read);
    return socket;
  }
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const onread: OnReadOpts = {
    buffer,
    callback: (bytes) => {
      read(buffer.subarray(0, bytes));
      return true;
    },
  };
  return connect({ host: address.host, port: address.port, noDelay: true, onread });
}
