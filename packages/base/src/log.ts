import { createRequire } from "node:module";
import type { Logger as PinoLogger } from "pino";

export type Logger = PinoLogger;

export interface LogOptions {
  /** The component that logs: `driver`, `executor`, `cli`. */
  readonly name: string;
  readonly level?: string;
  /** File descriptor for JSON, in place of standard error. */
  readonly fd?: number;
}

const require = createRequire(import.meta.url);

/** Loaded on first use: most threads and commands never log, and loading takes a tenth of a second. */
const loadPino = (): typeof import("pino") => require("pino");
const loadPretty = (): typeof import("pino-pretty") => require("pino-pretty");

/** `pretty`: lines for people; `json`: one object per line, for programs. */
export type LogFormat = "pretty" | "json";

const LEVELS = ["trace", "debug", "info", "warn", "error", "silent"];
const FORMATS = ["pretty", "json"];

/** The level given by MILLRACE_LOG; `undefined` if it is not a level. */
export function logLevel(): string | undefined {
  const wanted = process.env.MILLRACE_LOG;
  return wanted !== undefined && LEVELS.includes(wanted) ? wanted : undefined;
}

/** Errors in the environment's log settings, which are then ignored. */
export function logTroubles(env: NodeJS.ProcessEnv): readonly string[] {
  const known = { MILLRACE_LOG: LEVELS, MILLRACE_LOG_FORMAT: FORMATS };
  return Object.entries(known).flatMap(([name, values]) => {
    const given = env[name];
    if (given === undefined || given === "" || values.includes(given)) return [];
    return [`${name}=${given} is ignored: valid values are ${values.join(", ")}`];
  });
}

/** The format given by MILLRACE_LOG_FORMAT; by default `pretty` on a terminal, otherwise `json`. */
export function logFormat(): LogFormat {
  const wanted = process.env.MILLRACE_LOG_FORMAT;
  if (wanted === "pretty" || wanted === "json") return wanted;
  return process.stderr.isTTY ? "pretty" : "json";
}

/**
 * The process's log, on standard error so that results have standard output to themselves: readable lines on a
 * terminal, one JSON object per line elsewhere. `MILLRACE_LOG` sets the level, default `info`.
 */
export function createLogger(options: LogOptions): Logger {
  const { pino } = loadPino();
  const level = options.level ?? logLevel() ?? "info";
  const settings = { name: options.name, level, redact: { paths: ["token", "*.token"], censor: "[redacted]" } };
  if (options.fd === undefined && logFormat() === "pretty") {
    const { PinoPretty } = loadPretty();
    const colorize = process.stderr.isTTY === true;
    const ignore = "pid,hostname";
    const pretty = PinoPretty({ destination: 2, sync: true, colorize, ignore, translateTime: "SYS:HH:MM:ss.l" });
    return pino(settings, unlessItFails(pretty));
  }
  return pino(settings, unlessItFails(pino.destination({ dest: options.fd ?? 2, sync: true })));
}

/** A log that cannot be written, because the disk is full or the reader gone, must not end the process. */
function unlessItFails<Stream extends NodeJS.EventEmitter>(stream: Stream): Stream {
  stream.on("error", () => undefined);
  return stream;
}

/** A log that discards everything, for tests and embedded use. */
export function silentLogger(): Logger {
  return loadPino().pino({ level: "silent" });
}
