import type { LogEntry, LogStream } from "@millrace/rpc";
import { type Console, tell } from "./console.ts";
import { formatTime } from "./views.ts";

export interface JobLogOptions {
  readonly json: boolean;
  /** All engine messages, not just warnings and errors. */
  readonly engine: boolean;
}

/** Options of commands that show a job's log. */
export interface LogShowOptions {
  readonly json?: true;
  readonly engine?: true;
}

export const ENGINE_OPTION = [
  "--engine",
  "show all engine messages about the job, not only warnings and errors",
] as const;

export const logOptions = (options: LogShowOptions): JobLogOptions => ({
  json: options.json === true,
  engine: options.engine === true,
});

interface Line {
  readonly time: number;
  readonly stream: LogStream;
  readonly text: string;
}

/** A line of the engine's log, as pino writes it. */
type EngineRecord = Readonly<Record<string, unknown>>;

const LEVELS: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO",
  40: "WARN",
  50: "ERROR",
  60: "FATAL",
};
const WARN = 40;

/**
 * Writes a job's log, no faster than it is read: the job's standard output to standard output, the engine's messages to
 * standard error, as `run` does. With `json` everything goes to standard output, one object per line: `{ time, stream,
 * text }`, and for the engine `{ time, stream: "engine", record }`.
 */
export async function copyLog(console: Console, log: AsyncIterable<LogEntry>, options: JobLogOptions): Promise<void> {
  const lines = new LineMaker();
  for await (const entry of log) {
    if (!options.json && entry.stream !== "engine") {
      await console.out(entry.text);
      continue;
    }
    for (const line of lines.add(entry)) await writeLine(console, line, options);
  }
  for (const line of lines.rest()) await writeLine(console, line, options);
}

async function writeLine(
  console: Console,
  { time, stream, text }: Line,
  { json, engine }: JobLogOptions,
): Promise<void> {
  const at = new Date(time).toISOString();
  if (stream !== "engine") return console.out(`${JSON.stringify({ time: at, stream, text })}\n`);
  const record = parseRecord(text);
  const level = Number(record.level ?? 0);
  if (!engine && level < WARN) return;
  if (json) return console.out(`${JSON.stringify({ time: at, stream, record })}\n`);
  const message = String(record.msg ?? text);
  tell(console, engine ? `${formatTime(time, true)} ${LEVELS[level] ?? "?"} ${message}` : message);
}

/** Text that is not a log record becomes the message of one. */
function parseRecord(text: string): EngineRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as EngineRecord; // its fields are all read as unknown
  } catch {
    // not JSON
  }
  return { level: WARN, msg: text };
}

/** Assembles lines from pieces cut anywhere, for each stream separately. A line has the time of its first piece. */
class LineMaker {
  readonly #open = new Map<LogStream, Line>();

  *add({ time, stream, text }: LogEntry): Generator<Line> {
    const open = this.#open.get(stream);
    const lines = ((open?.text ?? "") + text).split("\n");
    const last = lines.pop() ?? "";
    let start = open?.time ?? time;
    for (const line of lines) {
      yield { time: start, stream, text: line };
      start = time;
    }
    if (last === "") this.#open.delete(stream);
    else this.#open.set(stream, { time: start, stream, text: last });
  }

  rest(): Iterable<Line> {
    return this.#open.values();
  }
}
