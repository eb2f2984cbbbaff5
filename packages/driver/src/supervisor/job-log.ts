import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  readSync,
  statSync,
  type WriteStream,
} from "node:fs";
import { createInterface } from "node:readline";
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "@millrace/base";
import type { LogEntry, LogStream } from "@millrace/rpc";

/** As pino writes them. */
const LEVELS = { info: 30, warn: 40 } as const;

/**
 * A job's log: the output of its driver process and the engine's log there, in one file, one {@link LogEntry} per line,
 * readable from the beginning while it grows.
 */
export class JobLog {
  readonly path: string;
  readonly #stream: WriteStream;
  readonly #clock: Clock;
  /** A character may be cut between two chunks. */
  readonly #decoders: Readonly<Record<LogStream, StringDecoder>> = {
    stdout: new StringDecoder(),
    stderr: new StringDecoder(),
    engine: new StringDecoder(),
  };
  #flushed: number;
  #ending = false;
  /** The file is complete. */
  #ended = false;
  #waiting: (() => void)[] = [];

  /** Appends to the log of earlier processes of the job, if there is one. */
  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
    this.#flushed = sizeOf(path);
    this.#stream = createWriteStream(path, { flags: "a" });
    this.#stream.on("error", () => this.end()); // a full disk must not take the supervisor down; the job goes on without a log
    if (endsInMidLine(path, this.#flushed)) this.#append(Buffer.from("\n")); // its writer was killed
  }

  /** Returns false if the disk is behind: the writer should pause until {@link drained}. */
  write(stream: LogStream, chunk: Buffer): boolean {
    const text = this.#decoders[stream].write(chunk);
    if (this.#ending || text === "") return true;
    const entry: LogEntry = { time: this.#clock.now(), stream, text };
    // Some readers treat two characters that JSON leaves alone as line ends.
    const json = JSON.stringify(entry).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
    return this.#append(Buffer.from(`${json}\n`));
  }

  #append(bytes: Buffer): boolean {
    return this.#stream.write(bytes, () => {
      this.#flushed += bytes.byteLength;
      this.#wake();
    });
  }

  /** A message of the supervisor, as the engine's own log in the process has them. */
  tell(level: keyof typeof LEVELS, msg: string): void {
    const record = { level: LEVELS[level], time: this.#clock.now(), name: "driver", msg };
    this.write("engine", Buffer.from(`${JSON.stringify(record)}\n`));
  }

  drained(resume: () => void): void {
    this.#stream.once("drain", resume);
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#stream.end(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The log from the beginning; with `follow`, until the job is over. Reads the file: no copy is held in memory. */
  async *read(options: { readonly follow: boolean; readonly signal?: AbortSignal }): AsyncGenerator<LogEntry> {
    let offset = 0;
    for (;;) {
      const available = this.#flushed;
      if (offset < available) {
        const file = createReadStream(this.path, { start: offset, end: available - 1 });
        for await (const line of createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY })) {
          const entry = parseEntry(line);
          if (entry !== undefined) yield entry;
        }
        offset = available;
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

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function endsInMidLine(path: string, size: number): boolean {
  if (size === 0) return false;
  const file = openSync(path, "r");
  try {
    const last = Buffer.alloc(1);
    readSync(file, last, 0, 1, size - 1);
    return last.toString() !== "\n";
  } finally {
    closeSync(file);
  }
}

/** `undefined`: a line truncated by a full disk or a kill. */
function parseEntry(line: string): LogEntry | undefined {
  try {
    return JSON.parse(line) as LogEntry; // as `write` made it
  } catch {
    return undefined;
  }
}
