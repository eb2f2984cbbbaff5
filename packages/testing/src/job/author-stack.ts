import { findSourceMap } from "node:module";

/**
 * Points an error's stack, and those of its causes, into the author's files where a test runner has put its own reading
 * of stacks in place of Node's, which knows nothing of the bundles. In place; stacks that point there already stay.
 */
export function pointToAuthor(error: unknown): void {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.stack !== undefined) each.stack = each.stack.replace(/\bfile:\/\/\S+?\.m?js:\d+:\d+/g, original);
  }
}

function original(frame: string): string {
  const [, file = "", line, column] = /^(.*):(\d+):(\d+)$/.exec(frame) ?? [];
  const found = findSourceMap(file)?.findEntry(Number(line) - 1, Number(column) - 1);
  if (found === undefined || !("originalSource" in found)) return frame;
  return `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
}
