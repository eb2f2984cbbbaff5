import type { Choice, Ignored } from "./new-files.ts";

/** Names in one warning. */
const NAMES_MAX = 5;

/** A few names of many. */
export class Names {
  readonly #most: number;
  readonly #first: string[] = [];
  #count = 0;

  constructor(most = NAMES_MAX) {
    this.#most = most;
  }

  add(names: readonly string[]): void {
    this.#first.push(...names.slice(0, this.#most - this.#first.length));
    this.#count += names.length;
  }

  get count(): number {
    return this.#count;
  }

  toString(): string {
    const more = this.#count - this.#first.length;
    return `${this.#first.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  }

  static of(names: readonly string[], most?: number): string {
    const all = new Names(most);
    all.add(names);
    return all.toString();
  }
}

/** Limits a recurring warning to a few per period. */
export class WarningBudget {
  readonly #most: number;
  readonly #perMs: number;
  /** Times of the last ones, oldest first; at most `most`. */
  readonly #given: number[] = [];
  #held = 0;

  constructor(most: number, perMs: number) {
    this.#most = most;
    this.#perMs = perMs;
  }

  /** @returns The number of warnings suppressed since the last one; `undefined` if this one must be suppressed too. */
  take(nowMs: number): number | undefined {
    const [oldest] = this.#given;
    if (oldest !== undefined && this.#given.length >= this.#most && nowMs - oldest < this.#perMs) {
      this.#held += 1;
      return undefined;
    }
    if (this.#given.length >= this.#most) this.#given.shift();
    this.#given.push(nowMs);
    const held = this.#held;
    this.#held = 0;
    return held;
  }
}

/** The reason and the remedy, for one file and for many. */
const REASONS: { readonly [Why in Ignored]: string } = {
  old: "the last change was before the job started, which moving a file in does not alter. Touch files when they are in place, or set newFilesOnly: false",
  aged: "the last change is older than file.stream.remember. Touch files when they are in place, or raise the setting",
  early:
    "the time of the last change is in the future, and nothing is read before it. Set the clock of the machine that writes there",
  changed:
    "already read, and changed since, which is not read: a path may be reused once it has not changed for file.stream.remember. Give each file a name of its own",
  special: "not a file but a socket, device or pipe. Put files into the directory",
  dangling: "a link without a target. Remove it, or create its target",
  unreachable:
    "the system cannot access it, for the reason in brackets. Remove it, or fix its target or its permissions",
  unnameable: "the name is not UTF-8, so no path refers to it. Give it another name",
};

/** Reports ignored files: up to a few names, with limited frequency. */
export class IgnoredFiles {
  readonly #waiting = new Map<Ignored, Names>();
  readonly #budgets = new Map<Ignored, WarningBudget>();
  readonly #perMs: number;

  /** @param perMs Five warnings of a kind are reported in this period; further files are reported together after it. */
  constructor(perMs: number) {
    this.#perMs = perMs;
  }

  /** The warnings that are due. */
  add(ignored: Choice["ignored"], nowMs: number): readonly { readonly why: Ignored; readonly text: string }[] {
    for (const [why, paths] of ignored) this.#of(why).add(paths);
    const due: { readonly why: Ignored; readonly text: string }[] = [];
    for (const [why, names] of this.#waiting) {
      if (this.#budget(why).take(nowMs) === undefined) continue;
      this.#waiting.delete(why);
      const files = names.count === 1 ? `the file ${names} is` : `${names.count} files (${names}) are`;
      due.push({ why, text: `${files} ignored: ${REASONS[why]}.` });
    }
    return due;
  }

  #of(why: Ignored): Names {
    const names = this.#waiting.get(why) ?? new Names();
    this.#waiting.set(why, names);
    return names;
  }

  #budget(why: Ignored): WarningBudget {
    const budget = this.#budgets.get(why) ?? new WarningBudget(5, this.#perMs);
    this.#budgets.set(why, budget);
    return budget;
  }
}
