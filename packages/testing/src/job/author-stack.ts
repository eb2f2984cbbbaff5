import { findSourceMap } from "node:module";

/**
 * Maps the stacks of an error and its causes to the author's files, where a test runner has replaced Node's source
 * mapping, which would know the bundles. In place; stacks that already point there are left alone.
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
