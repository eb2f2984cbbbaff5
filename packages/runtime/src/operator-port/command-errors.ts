import type { Commands } from "../ports.ts";

/** The end of a command's standard error, for its failure message. */
const TAIL_CHARS = 4 * 1024;
/** Limit of what one run of a command adds to the job's output. */
const OUTPUT_CHARS = 64 * 1024;

/** The standard error of one command: lines for the job's output, up to a bound, and its end. */
export class CommandErrors {
  readonly #commands: Pick<Commands, "said">;
  #tail = "";
  /** An incomplete line, within the limit. */
  #line = "";
  #left = OUTPUT_CHARS;
  #omitted = 0;

  constructor(commands: Pick<Commands, "said">) {
    this.#commands = commands;
  }

  push(text: string): void {
    this.#tail = (this.#tail + text).slice(-TAIL_CHARS);
    const taken = text.slice(0, this.#left);
    this.#left -= taken.length;
    this.#omitted += text.length - taken.length;
    const lines = (this.#line + taken).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) this.#commands.said(line);
  }

  /** Passes on an incomplete last line, and reports how much was omitted. */
  end(): void {
    if (this.#line !== "") this.#commands.said(this.#line);
    this.#line = "";
    if (this.#omitted > 0) {
      this.#commands.said(
        `(${this.#omitted} more characters of the command's standard error were left out: ${OUTPUT_CHARS} are shown of each run)`,
      );
    }
    this.#omitted = 0;
  }

  get tail(): string {
    return this.#tail.trim();
  }
}
