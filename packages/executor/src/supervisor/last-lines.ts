const LINES_MAX = 12;
const LINE_CHARS_MAX = 500;

/** The last lines of a text stream, for the reason of a process's end. */
export class LastLines {
  #lines: string[] = [];
  #open = "";

  push(text: string): void {
    const parts = (this.#open + text).split("\n");
    this.#open = (parts.pop() ?? "").slice(-LINE_CHARS_MAX);
    for (const line of parts) this.#lines.push(line.slice(0, LINE_CHARS_MAX));
    if (this.#lines.length > LINES_MAX) this.#lines = this.#lines.slice(-LINES_MAX);
  }

  get(): readonly string[] {
    return [...this.#lines, this.#open].filter((line) => line.trim() !== "");
  }
}
