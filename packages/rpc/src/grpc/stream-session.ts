import { formatSize } from "@millrace/base";
import { messageTooLarge, sessionOverflow } from "../errors.ts";
import { Mailbox } from "../mailbox.ts";
import type { Session } from "../session.ts";
import { wireBytesOf } from "../wire/size.ts";
import { GROUP_BYTES, MESSAGE_BYTES_MAX } from "./channel.ts";

/** Bytes that may be queued for a peer that does not read before the session is closed. */
const WAITING_BYTES_MAX = 128 << 20;

/** Translates between domain messages and wire messages. */
export interface StreamCodec<Out, In, WireOut, WireIn> {
  /** One message may become several, so that each fits a group. */
  encode(message: Out): readonly WireOut[];
  decode(message: WireIn): In;
}

/** The writing side of a gRPC stream. */
export interface GroupStream<WireOut> {
  write(group: { messages: WireOut[] }): boolean;
  /** Orderly: what was written is still delivered. */
  finish(): void;
  /** Ends the stream with an error, which the peer receives if the protocol allows it. */
  abort(error: Error): void;
}

/**
 * A session over one bidirectional gRPC stream. Messages of one turn of the event loop travel as one group; while the
 * stream is full, messages are queued here, up to a limit.
 */
export class StreamSession<Out, In, WireOut, WireIn> implements Session<Out, In> {
  readonly #codec: StreamCodec<Out, In, WireOut, WireIn>;
  readonly #stream: GroupStream<WireOut>;
  readonly #mailbox = new Mailbox<In>();
  #queue: { readonly message: WireOut; readonly bytes: number }[] = [];
  #queuedBytes = 0;
  #flushScheduled = false;
  #full = false;
  #closing = false;

  constructor(codec: StreamCodec<Out, In, WireOut, WireIn>, stream: GroupStream<WireOut>) {
    this.#codec = codec;
    this.#stream = stream;
  }

  /** @throws MESSAGE_TOO_LARGE The message alone is beyond the limit. The session is not affected. */
  send(message: Out): void {
    if (this.#closing || this.#mailbox.closed) return;
    for (const part of this.#codec.encode(message)) this.#enqueue(part);
    if (this.#queuedBytes > WAITING_BYTES_MAX) {
      this.fail(
        sessionOverflow(
          `${formatSize(this.#queuedBytes)} are queued for a peer that does not read (the limit is ${formatSize(WAITING_BYTES_MAX)}). ` +
            `The session is closed, and its work moves to other executors. Find out what blocks that process.`,
          { fields: { waitingBytes: this.#queuedBytes } },
        ),
      );
      return;
    }
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    queueMicrotask(() => this.#flush());
  }

  onMessage(handler: (message: In) => void): void {
    this.#mailbox.onMessage(handler);
  }

  onClose(handler: (error: Error | undefined) => void): void {
    this.#mailbox.onClose(handler);
  }

  close(): void {
    if (this.#closing || this.#mailbox.closed) return;
    this.#closing = true;
    this.#full = false; // the last messages are sent whatever the state of the stream's buffer
    this.#flush();
    this.#stream.finish();
    this.#mailbox.end(undefined);
  }

  /** The stream accepts more. */
  drained(): void {
    this.#full = false;
    this.#flush();
  }

  received(group: { readonly messages: readonly WireIn[] }): void {
    for (const message of group.messages) {
      let decoded: In;
      try {
        decoded = this.#codec.decode(message);
      } catch (error) {
        this.fail(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      this.#mailbox.deliver(decoded);
    }
  }

  /** The peer is gone: orderly if there is no error. */
  ended(error: Error | undefined): void {
    this.#drop();
    this.#mailbox.end(error);
  }

  /** This end gives up. */
  fail(error: Error): void {
    if (this.#mailbox.closed) return;
    this.#drop();
    this.#stream.abort(error);
    this.#mailbox.end(error);
  }

  #drop(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #enqueue(message: WireOut): void {
    const bytes = wireBytesOf(message);
    if (bytes > MESSAGE_BYTES_MAX) {
      throw messageTooLarge(
        `a message of ${formatSize(bytes)} exceeds the limit of ${formatSize(MESSAGE_BYTES_MAX)} and was not sent. ` +
          `Most often these are captured values: put large ones into a broadcast variable.`,
        { fields: { bytes, bytesMax: MESSAGE_BYTES_MAX } },
      );
    }
    this.#queue.push({ message, bytes });
    this.#queuedBytes += bytes;
  }

  #flush(): void {
    this.#flushScheduled = false;
    while (!this.#full && this.#queue.length > 0) {
      const messages = this.#takeGroup();
      if (!this.#stream.write({ messages })) this.#full = true;
    }
  }

  #takeGroup(): WireOut[] {
    let bytes = 0;
    let count = 0;
    for (const item of this.#queue) {
      if (count > 0 && bytes + item.bytes > GROUP_BYTES) break;
      bytes += item.bytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count).map((item) => item.message);
  }
}
