import type { Socket } from "node:net";
import { blockId } from "@millrace/plan";
import { frameCutShort, peerUnreachable, tooManyRequests } from "../errors.ts";
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
import { checkHello, errorPayload, welcomePayload } from "./handshake.ts";
import type { BlockService, BlockSink } from "./ports.ts";
import { sendParts } from "./send.ts";

/** A silent caller is disconnected after this. */
const HELLO_TIMEOUT_MS = 5_000;
/** Unanswered requests before no more are read. */
const WAITING_MAX = 256;
const PUTS_MAX = 16;

/** The server's side of a connection: authentication, blocks, and a report of its end. */
export interface ServingOptions {
  readonly token: string | undefined;
  readonly blocks: BlockService;
  readonly onConnectionError?: (peer: string, error: Error) => void;
}

interface IncomingPut {
  readonly sink: BlockSink | undefined;
  left: number;
  error: unknown;
}

/** The serving end of one connection: answers one request after the other, at the pace of the socket. */
export class ServedConnection implements FrameHandler {
  readonly #socket: Socket;
  readonly #options: ServingOptions;
  readonly #parser = new FrameParser(this);
  readonly #peer: string;
  readonly #answers: (() => Promise<void>)[] = [];
  readonly #puts = new Map<number, IncomingPut>();
  #answering = false;
  #greeted = false;
  #ended = false;

  constructor(socket: Socket, options: ServingOptions, onClosed: () => void) {
    this.#socket = socket;
    this.#options = options;
    this.#peer = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.setTimeout(HELLO_TIMEOUT_MS, () =>
      this.#end(
        peerUnreachable(`${this.#peer} connected to the data port and sent nothing. The connection is closed.`),
      ),
    );
    socket.on("data", (input: Buffer) => this.#read(input));
    socket.on("error", (error) => this.#lost(error.message));
    socket.on("end", () => this.#lost("it hung up"));
    socket.on("close", () => {
      this.#lost("it closed");
      onClosed();
    });
  }

  destroy(): void {
    this.#ended = true;
    this.#socket.destroy();
    this.#abortPuts("this process ends");
  }

  frame(type: FrameType, request: number, payload: Buffer): void {
    if (!this.#greeted) this.#greet(type, payload);
    else if (type === FRAME.get) this.#get(request, payload.toString("utf8"));
    else if (type === FRAME.put) this.#put(request, readCount(payload), payload.toString("utf8", 8));
    else throw malformedFrame(`a server was sent a frame of type ${type}`);
  }

  data(request: number, piece: Buffer): void {
    const put = this.#puts.get(request);
    if (put === undefined || piece.byteLength > put.left) throw malformedFrame(`more data than block ${request} has`);
    put.left -= piece.byteLength;
    if (put.error === undefined) {
      try {
        put.sink?.chunk(piece);
      } catch (error) {
        put.error = error;
      }
    }
    if (put.left === 0) this.#putArrived(request, put);
  }

  #read(input: Buffer): void {
    if (this.#ended) return;
    try {
      this.#parser.push(input);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#answers.length > WAITING_MAX) this.#socket.pause();
  }

  #greet(type: FrameType, payload: Buffer): void {
    if (type !== FRAME.hello) throw malformedFrame("it does not begin like a Millrace peer");
    const refused = checkHello(payload, this.#options.token);
    if (refused !== undefined) throw refused;
    this.#greeted = true;
    this.#socket.setTimeout(0);
    this.#socket.write(frame(FRAME.welcome, 0, welcomePayload()));
  }

  #get(request: number, id: string): void {
    this.#answer(async () => {
      const block = this.#options.blocks.read(blockId(id));
      if (block === undefined) {
        this.#socket.write(frame(FRAME.missing, request));
        return;
      }
      try {
        this.#socket.write(frame(FRAME.found, request));
        const bytes = await sendParts(this.#socket, request, block);
        this.#socket.write(frame(FRAME.end, request, countPayload(bytes)));
      } finally {
        block.release?.();
      }
    }, request);
  }

  #put(request: number, bytes: number, id: string): void {
    const put: IncomingPut = { sink: undefined, left: bytes, error: undefined };
    const accepted = this.#acceptPut(id, bytes, put);
    this.#puts.set(request, accepted);
    if (bytes === 0) this.#putArrived(request, accepted);
  }

  #acceptPut(id: string, bytes: number, put: IncomingPut): IncomingPut {
    if (this.#puts.size >= PUTS_MAX * 2) throw malformedFrame(`more than ${PUTS_MAX} blocks are sent at once`);
    if (this.#puts.size >= PUTS_MAX) {
      return {
        ...put,
        error: tooManyRequests(
          `${PUTS_MAX} blocks are already being stored; block ${id} is refused. It is sent again later.`,
        ),
      };
    }
    try {
      return { ...put, sink: this.#options.blocks.write(blockId(id), bytes) };
    } catch (error) {
      return { ...put, error };
    }
  }

  #putArrived(request: number, put: IncomingPut): void {
    this.#puts.delete(request);
    this.#answer(async () => {
      if (put.error !== undefined) {
        put.sink?.abort(put.error instanceof Error ? put.error : new Error(String(put.error)));
        throw put.error;
      }
      await put.sink?.end();
      this.#socket.write(frame(FRAME.stored, request));
    }, request);
  }

  /** An error of `work` is sent as the answer; if the socket has closed meanwhile, the write has no effect. */
  #answer(work: () => Promise<void>, request: number): void {
    this.#answers.push(() =>
      work().catch((error: unknown) => {
        if (!this.#ended) this.#socket.write(frame(FRAME.error, request, errorPayload(error)));
      }),
    );
    if (!this.#answering) void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    this.#answering = true;
    for (;;) {
      const next = this.#ended ? undefined : this.#answers.shift();
      if (next === undefined) break;
      await next();
      if (this.#answers.length < WAITING_MAX / 2 && this.#socket.isPaused()) this.#socket.resume();
    }
    this.#answering = false;
  }

  /** Closes from this end, with the reason. */
  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.end(frame(FRAME.error, 0, errorPayload(error)));
    this.#socket.destroySoon();
    this.#abortPuts(error.message);
    this.#options.onConnectionError?.(this.#peer, error);
  }

  /** The peer is gone. */
  #lost(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.destroy();
    const midway = !this.#parser.atBoundary || this.#puts.size > 0 || this.#answering;
    this.#abortPuts(why);
    if (!midway) return;
    this.#options.onConnectionError?.(
      this.#peer,
      frameCutShort(
        `the data connection from ${this.#peer} ended in the middle of a frame or a block: ${why}. The part received is dropped; other connections are not affected.`,
        { fields: { peer: this.#peer } },
      ),
    );
  }

  #abortPuts(why: string): void {
    const error = frameCutShort(
      `the sender of a block went away before its end: ${why}. The part received is dropped.`,
    );
    for (const put of this.#puts.values()) put.sink?.abort(error);
    this.#puts.clear();
  }
}
