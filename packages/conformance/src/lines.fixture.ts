interface Watcher {
  readonly wanted: (line: string) => unknown;
  /** Lines before this one do not count. */
  next: number;
  readonly found: (line: string) => void;
  readonly never: () => void;
}

/** Output as lines: a test can wait for a line, even if it was already written. */
export class Lines {
  readonly all: string[] = [];
  readonly #name: string;
  readonly #open = new Map<string, string>();
  #watchers: Watcher[] = [];
  #over = false;

  /** @param name The writer's name, for the error if its output ends too early. */
  constructor(name: string) {
    this.#name = name;
  }

  /** The number of lines so far: the position from which only later lines count. */
  get mark(): number {
    return this.all.length;
  }

  /** @param stream Chunks of two streams do not make up one line. */
  push(text: string, stream = ""): void {
    const parts = ((this.#open.get(stream) ?? "") + text).split("\n");
    this.#open.set(stream, parts.pop() ?? "");
    this.all.push(...parts);
    this.#look();
  }

  /** The output has ended: pending waits are rejected. */
  end(): void {
    for (const rest of this.#open.values()) if (rest !== "") this.all.push(rest);
    this.#open.clear();
    this.#over = true;
    this.#look();
  }

  /** Resolves with the first match from line `from` on; rejects when the writer ends without one. */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const line = await this.first((text) => pattern.test(text), from, String(pattern));
    const match = pattern.exec(line);
    if (match === null) throw new Error(`${pattern} is global, or it would match again`);
    return match;
  }

  /** Resolves with the first line for which `wanted` holds. */
  first(wanted: (line: string) => unknown, from = 0, what = String(wanted)): Promise<string> {
    return new Promise((found, reject) => {
      const never = (): void =>
        reject(new Error(`${this.#name} ended before it said ${what}:\n${this.all.join("\n")}`));
      this.#watchers.push({ wanted, next: from, found, never });
      this.#look();
    });
  }

  #look(): void {
    this.#watchers = this.#watchers.filter((watcher) => {
      for (; watcher.next < this.all.length; watcher.next += 1) {
        const line = this.all[watcher.next] ?? "";
        if (!watcher.wanted(line)) continue;
        watcher.found(line);
        return false;
      }
      return true;
    });
    if (!this.#over) return;
    for (const watcher of this.#watchers) watcher.never();
    this.#watchers = [];
  }
}
