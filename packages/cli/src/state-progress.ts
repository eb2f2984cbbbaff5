import { Option } from "commander";
import type { LineFormat } from "./commands/state-lines.ts";
import { type Console, tell } from "./console.ts";
import { Interrupted } from "./interrupted.ts";

/** The time between two reports of progress on a terminal. */
const PROGRESS_MS = 500;

/** Reports of how far a command has come, on a terminal, now and then. */
export class Progress {
  readonly #console: Console;
  #told: number;

  constructor(console: Console) {
    this.#console = console;
    this.#told = console.clock.monotonicMs();
  }

  tell(text: string): void {
    if (!this.#console.terminal) return;
    const now = this.#console.clock.monotonicMs();
    if (now - this.#told < PROGRESS_MS) return;
    this.#told = now;
    tell(this.#console, text);
  }
}

/** Ctrl-C, or a reader that has enough. @throws Interrupted */
export function ifStopped({ interrupts }: Console): void {
  if (interrupts.graceful.aborted) throw new Interrupted();
}

/** `--format` of commands that write, or read, a line for each key. */
export function lineFormat(what: string): Option {
  const formats: readonly LineFormat[] = ["jsonl", "csv"];
  return new Option("--format <format>", what).choices(formats).default("jsonl");
}
