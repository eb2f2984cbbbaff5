import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type Deferred, deferred } from "./deferred.ts";
import { OutputRing, type OutputStream } from "./output-ring.ts";

/** Takes output, with ownership of the bytes. A returned promise, which never rejects, asks the caller to wait for it. */
export type TakeOutput = (stream: OutputStream, bytes: Uint8Array) => Promise<void> | undefined;

/** A thread's end of its output; part of its `workerData`, with the port transferred. */
export interface ThreadOutputEnd {
  readonly ring: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** The memory for output that a thread has written and that has not been read. */
const RING_BYTES = 256 * 1024;
const READ_BYTES = 64 * 1024;

/**
 * The output of a thread that runs a job's code, as seen by the thread that started it. By default, Node.js sends the output of
 * a worker thread through the event loops of both threads, so that output of a busy thread is lost when it exits or is
 * terminated. This class uses shared memory, which outlives the thread.
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
    port1.on("close", () => void this.flush()); // the thread has ended, perhaps before it could wake this one
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
 * Called on the thread: makes `console`, `process.stdout` and `process.stderr` write to `end`. They return when the output is in
 * the shared memory.
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
