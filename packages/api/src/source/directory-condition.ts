import { unreachable, type Warning } from "@millrace/base";
import type { FileStat } from "@millrace/files";

/**
 * The maximum number of changes of the condition in {@link CHANGES_PER_MS}, so that a flapping directory does not fill the log.
 */
const CHANGES_MAX = 3;
const CHANGES_PER_MS = 10 * 60 * 1000;

/**
 * The problem of a file stream's directory, while it lasts: one condition at a time. One that has changed too often
 * lately stays as last reported, until the first of these changes is ten minutes old. Reads no clock.
 */
export class DirectoryCondition {
  #current: string | undefined;
  /** Its recent changes, oldest first; at most {@link CHANGES_MAX}. */
  readonly #changes: number[] = [];

  /**
   * Records the result of a listing.
   *
   * @param trouble `undefined`: it succeeded.
   * @returns What to report: a condition, that it is `over`, or nothing.
   */
  look(trouble: Warning | undefined, nowMs: number): Warning | "over" | undefined {
    if (trouble?.code === this.#current) return undefined;
    const [oldest] = this.#changes;
    if (oldest !== undefined && this.#changes.length >= CHANGES_MAX) {
      if (nowMs - oldest < CHANGES_PER_MS) return undefined;
      this.#changes.shift();
    }
    this.#current = trouble?.code;
    if (trouble === undefined) return "over";
    this.#changes.push(nowMs);
    return trouble;
  }
}

/** Describes what is in place of a directory; `undefined` if there is a directory by now. */
export function noDirectory(at: string, entry: FileStat | undefined): string | undefined {
  const missing = `the directory ${at} does not exist. Batches read nothing from it until it does.`;
  if (entry === undefined) return missing;
  const { kind, problem } = entry;
  switch (kind) {
    case "directory":
      return undefined;
    case "dangling":
    case "unnameable":
      return missing;
    case "file":
    case "other":
      return (
        `${at} is ${kind === "file" ? "a file" : "a socket, device or pipe"}, not a directory. Batches read nothing until it is one. ` +
        "Name the directory that files are moved into; textFile reads a file once."
      );
    case "unreachable":
      return `the system cannot access ${at} (${problem}). Batches read nothing from it until it can.`;
    default:
      return unreachable(kind);
  }
}
