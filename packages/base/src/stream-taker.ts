import type { Writable } from "node:stream";

/** Writes to a stream for several writers, each of which can wait until the stream has room again. */
export class StreamTaker {
  readonly #stream: Writable;
  #room: Promise<void> | undefined;
  readonly #waiting = new Set<() => void>();
  #droppedBytes: number | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Bytes unread at the time of {@link abandon}, and those that came later. */
  get droppedBytes(): number {
    return this.#droppedBytes ?? 0;
  }

  /** True if some of the output has not been read yet. */
  get behind(): boolean {
    return this.#stream.writableLength > 0;
  }

  /** @returns `undefined` while the stream has room; otherwise a promise that resolves when it has room or never will. */
  write(data: string | Uint8Array): Promise<void> | undefined {
    if (this.#droppedBytes !== undefined) {
      this.#droppedBytes += Buffer.byteLength(data);
      return undefined;
    }
    if (this.#stream.write(data)) return undefined;
    this.#room ??= this.#untilRoom();
    return this.#room;
  }

  /** Resolves when all output has left this process, as far as its streams can tell. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#droppedBytes !== undefined) return resolve();
      this.#waiting.add(resolve);
      this.#stream.write("", () => {
        this.#waiting.delete(resolve);
        resolve();
      });
    });
  }

  /** Stops waiting for the reader: waiting writers continue, and later writes are dropped. */
  abandon(): void {
    if (this.#droppedBytes !== undefined) return;
    this.#droppedBytes = this.#stream.writableLength;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #untilRoom(): Promise<void> {
    return new Promise((resolve) => {
      const events = ["drain", "close", "error"] as const;
      const onRoom = (): void => {
        for (const event of events) this.#stream.off(event, onRoom);
        this.#waiting.delete(onRoom);
        this.#room = undefined;
        resolve();
      };
      for (const event of events) this.#stream.on(event, onRoom);
      this.#waiting.add(onRoom);
    });
  }
}
