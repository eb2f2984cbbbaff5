import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { stat } from "node:fs/promises";

/** A job's log: what its processes write, kept in one file, readable from the beginning while it grows. */
export class JobLog {
  readonly path: string;
  readonly #stream: WriteStream;
  #flushed = 0;
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(path: string) {
    this.path = path;
    this.#stream = createWriteStream(path, { flags: "w" });
    this.#stream.on("error", () => this.end()); // a full disk must not take the supervisor down; the job goes on without a log
  }

  /** Returns false when the disk is behind: the writer should pause until {@link drained}. */
  write(chunk: Uint8Array): boolean {
    if (this.#ended) return true;
    return this.#stream.write(chunk, () => {
      this.#flushed += chunk.byteLength;
      this.#wake();
    });
  }

  drained(resume: () => void): void {
    this.#stream.once("drain", resume);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stream.end(() => this.#wake());
    this.#wake();
  }

  /** The log from its beginning; with `follow`, until the job is over. Reads the file: no copy is held in memory. */
  async *read(options: { readonly follow: boolean; readonly signal?: AbortSignal }): AsyncGenerator<Uint8Array> {
    let offset = 0;
    for (;;) {
      const available = this.#ended ? await sizeOf(this.path) : this.#flushed;
      if (offset < available) {
        for await (const chunk of createReadStream(this.path, { start: offset, end: available - 1 })) {
          const bytes = chunk as Buffer; // no encoding is set
          offset += bytes.byteLength;
          yield bytes;
        }
        continue;
      }
      if (!options.follow || this.#ended || options.signal?.aborted) return;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        options.signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size;
}
