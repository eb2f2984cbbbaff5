import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type Deferred, deferred } from "./deferred.ts";
import { OutputRing, type OutputStream } from "./output-ring.ts";

/** Takes output. A returned promise asks for no more until it resolves; it never rejects. The taker owns the bytes. */
export type TakeOutput = (stream: OutputStream, bytes: Uint8Array) => Promise<void> | undefined;

/** A thread's end of its output; part of its `workerData`, with the port transferred. */
export interface ThreadOutputEnd {
  readonly ring: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** Memory for output that a thread has written and nobody has read. */
const RING_BYTES = 256 * 1024;
const READ_BYTES = 64 * 1024;

/**
 * The output of a thread that runs a job's code, seen from the thread that started it. Worker threads send what they
 * write to their process's streams through the event loops of both threads: what a busy thread wrote before it exits or
 * is terminated is lost on the way. This class uses shared memory, which outlives the thread.
 *
 * Nothing is dropped: a thread that writes faster than its output is read blocks in `write`. One instance serves one
 * thread at a time, and its replacements.
 */
export class ThreadOutput {
  readonly #take: TakeOutput;
  readonly #ring: OutputRing;
  #reading: Deferred<void> | undefined;

  constructor(take: TakeOutput, ringBytes: number = RING_BYTES) {
    this.#take = take;
    this.#ring = OutputRing.allocate(ringBytes);
  }

  /** The other end, for the next thread to be started. */
  connect(): ThreadOutputEnd {
    const { port1, port2 } = new MessageChannel();
    port1.on("message", () => void this.flush());
    port1.on("close", () => void this.flush()); // the thread is gone, perhaps before it could tell
    port1.unref();
    return { ring: this.#ring.buffer, port: port2 };
  }

  /** Resolves when everything written has been taken: all output of a thread that has ended. */
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

/**
 * On the thread: from now on `console`, `process.stdout` and `process.stderr` write to `end`, and return once the
 * output is there.
 */
export function writeOutputTo(end: ThreadOutputEnd): void {
  const ring = new OutputRing(end.ring);
  const tell = (): void => end.port.postMessage(undefined);
  for (const name of ["stdout", "stderr"] as const) {
    // All writes to a stream arrive here, checked and in order.
    process[name]._writev = (chunks, done) => {
      for (const { chunk, encoding } of chunks) {
        ring.write(name, typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk, tell);
      }
      done();
    };
  }
}
