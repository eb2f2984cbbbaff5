import { type Logger as PinoLogger, pino } from "pino";
import pretty from "pino-pretty";

export type Logger = PinoLogger;

export interface LogOptions {
  /** The part of the engine that speaks: `driver`, `executor`, `cli`. */
  readonly name: string;
  readonly level?: string;
}

/**
 * The process's log, on standard error so that results have standard output to themselves: readable lines on a
 * terminal, one JSON object a line elsewhere. `MILLRACE_LOG` sets the level, default `info`.
 */
export function createLogger(options: LogOptions): Logger {
  const level = options.level ?? process.env.MILLRACE_LOG ?? "info";
  const settings = { name: options.name, level, redact: { paths: ["token", "*.token"], censor: "[redacted]" } };
  if (process.stderr.isTTY) {
    return pino(settings, pretty({ destination: 2, sync: true, ignore: "pid,hostname", translateTime: "HH:MM:ss.l" }));
  }
  return pino(settings, pino.destination({ dest: 2, sync: true }));
}

/** A log that goes nowhere, for tests and embedded use. */
export const silentLogger: Logger = pino({ level: "silent" });
