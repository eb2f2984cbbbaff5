import { createRequire } from "node:module";
import type { Logger as PinoLogger } from "pino";

export type Logger = PinoLogger;

export interface LogOptions {
  /** The part of the engine that speaks: `driver`, `executor`, `cli`. */
  readonly name: string;
  readonly level?: string;
}

const require = createRequire(import.meta.url);

/** Loaded when a log is first made: most threads and commands never make one, and it takes a tenth of a second. */
const loadPino = (): typeof import("pino") => require("pino");
const loadPretty = (): typeof import("pino-pretty") => require("pino-pretty");

/**
 * The process's log, on standard error so that results have standard output to themselves: readable lines on a
 * terminal, one JSON object a line elsewhere. `MILLRACE_LOG` sets the level, default `info`.
 */
export function createLogger(options: LogOptions): Logger {
  const { pino } = loadPino();
  const level = options.level ?? process.env.MILLRACE_LOG ?? "info";
  const settings = { name: options.name, level, redact: { paths: ["token", "*.token"], censor: "[redacted]" } };
  if (process.stderr.isTTY) {
    const { PinoPretty } = loadPretty();
    const out = PinoPretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l" });
    return pino(settings, out);
  }
  return pino(settings, pino.destination({ dest: 2, sync: true }));
}

/** A log that goes nowhere, for tests and embedded use. */
export function silentLogger(): Logger {
  return loadPino().pino({ level: "silent" });
}
