import type { Clock } from "@millrace/base";
import type { Engine, Interrupts } from "./engine.ts";
import { describeFailure, failureForPrograms } from "./failure.ts";

/** The parts of its process that a command may use. */
export interface Console {
  readonly env: NodeJS.ProcessEnv;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Standard error is a terminal. */
  readonly terminal: boolean;
  /** Processor cores available to this process. */
  readonly cores: number;
  /** Writes results. Resolves when the text has left the process or its buffer has room. */
  out(text: string | Uint8Array): Promise<void>;
  /**
   * Everything else: progress, warnings, errors. A returned promise asks callers with more to write to wait until it
   * resolves.
   */
  err(text: string | Uint8Array): Promise<void> | undefined;
  /** Standard input. */
  input(): AsyncIterable<Uint8Array>;
  readonly interrupts: Interrupts;
}

/** Reports progress, on standard error. */
export function tell(console: Console, text: string): void {
  console.err(`millrace: ${text}\n`);
}

/** Reports why a command failed: as a paragraph on standard error or, for programs, where they expect the result. */
export async function tellError(
  console: Console,
  error: unknown,
  options: { readonly json: boolean; readonly verbose: boolean },
): Promise<void> {
  if (options.json) await outJson(console, failureForPrograms(error, options.verbose));
  else console.err(describeFailure(error, options.verbose));
}

/** A result as JSON, for programs. @param line On one line, if others follow. */
export function outJson(
  console: Console,
  value: unknown,
  { line = false }: { readonly line?: boolean } = {},
): Promise<void> {
  return console.out(`${line ? JSON.stringify(value) : JSON.stringify(value, null, 2)}\n`);
}
