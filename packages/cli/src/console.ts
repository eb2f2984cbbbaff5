import type { Clock } from "@millrace/base";
import type { Engine, Interrupts } from "./engine.ts";

/** What a command may touch of the process it runs in. */
export interface Console {
  readonly env: NodeJS.ProcessEnv;
  readonly engine: Engine;
  readonly clock: Clock;
  /** Processor cores that this process may use. */
  readonly cores: number;
  /** Results. Resolves when the text has left the process or its buffer has room. */
  out(text: string | Uint8Array): Promise<void>;
  /** Everything else: progress, warnings, errors. A promise asks whoever has more to wait until it resolves. */
  err(text: string | Uint8Array): Promise<void> | undefined;
  readonly interrupts: Interrupts;
}

/** Says what is going on, on standard error. */
export function tell(console: Console, text: string): void {
  console.err(`millrace: ${text}\n`);
}

/** A result as JSON, for programs. */
export function outJson(console: Console, value: unknown): Promise<void> {
  return console.out(`${JSON.stringify(value, null, 2)}\n`);
}
