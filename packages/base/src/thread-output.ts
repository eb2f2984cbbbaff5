import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type Deferred, deferred } from "./deferred.ts";
import { OutputRing, type OutputStream } from "./output-ring.ts";

/**
 * Takes output; a promise says that no more is to come before it resolves, and it never rejects. Bytes are the taker's
 * to keep.
 */
export type TakeOutput = (stream: OutputStream, bytes: Uint8Array) => Promise<void> | undefined;

/** What a thread needs to write its output; goes to it as a part of its `workerData`, with the port transferred. */
export interface ThreadOutputEnd {
  readonly ring: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** Memory that output may take which a thread has written and nobody has read. */
const RING_BYTES = 256 * 1024;
const READ_BYTES = 64 * 1024;

/**
 * The output of a thread that runs a job's code, seen from the thread that started it. Worker threads send what they
 * write to their process's streams through the event loops of both threads: what a busy thread has written by the time it
 * ends, or is ended, is lost on the way. This goes through shared memory at once, and is there when the thread is not.
 *
 * Nothing is dropped: a thread that writes faster than its output is taken waits in its `write`. It serves one thread at
 * a time, and a thread that takes the place of another as well.
 */
export class ThreadOutput {
  readonly #take: TakeOutput;
  readonly #ring: OutputRing;
  #reading: Deferred<void> | undefined;

  constructor(take: TakeOutput, ringBytes: number = RING_BYTES) {
    this.#take = take;
    this.#ring = OutputRing.allocate(ringBytes);
  }

  /** The other end, for the thread that is started next. */
  connect(): ThreadOutputEnd {
    const { port1, port2 } = new MessageChannel();
    port1.on("message", () => void this.flush());
    port1.on("close", () => void this.flush()); // the thread is gone, perhaps before it could tell
    port1.unref();
    return { ring: this.#ring.buffer, port: port2 };
  }

  /** Resolves when everything that was written has been taken. Of a thread that has ended, that is all of its output. */
  flush(): Promise<void> {
    if (this.#reading !== undefined) return this.#reading.promise;
    const reading = deferred<void>();
    this.#reading = reading;
    void this.#read(reading);
    return reading.promise;
  }

  async #read(reading: Deferred<void>): Promise<void> {
    for (;;) {
      this.#ring.listen();
      const piece = this.#ring.read(READ_BYTES);
      if (piece === undefined) break;
      await this.#take(piece.stream, piece.bytes);
    }
    this.#reading = undefined;
    reading.resolve();
  }
}

/** On the thread: `console` and `process.stdout` and `stderr` write to `end` from now on, and return when it is there. */
export function writeOutputTo(end: ThreadOutputEnd): void {
  const ring = new OutputRing(end.ring);
  const tell = (): void => end.port.postMessage(undefined);
  for (const name of ["stdout", "stderr"] as const) {
    // All that a stream is given comes through here, already checked and in order.
    process[name]._writev = (chunks, done) => {
      for (const { chunk, encoding } of chunks) {
        ring.write(name, typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk, tell);
      }
      done();
    };
  }
}
