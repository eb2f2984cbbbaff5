// A file stays short enough to be read in one go. Those that are longer are listed and may only shrink. A file that is only a
// documented surface is not read in one go, and may be twice as long.
import { readFileSync, writeFileSync } from "node:fs";

export const LINES_MAX = 400;
export const SURFACE_LINES_MAX = 800;

/**
 * @param {import("./workspace.mjs").Workspace} workspace
 * @param {Readonly<Record<string, number>>} known Files allowed past the limit, with the lines they had.
 * @returns {{ readonly problems: readonly import("./deps.mjs").Problem[], readonly now: Readonly<Record<string, number>> }}
 *   `now`: the list as it should be, never looser than `known`.
 */
export function findLong(workspace, known) {
  const long = workspace.packages
    .flatMap((one) =>
      one.sources.map((source) => ({
        file: `${one.folder}/${source.path}`,
        lines: source.text.split("\n").length - 1,
        most: source.surface ? SURFACE_LINES_MAX : LINES_MAX,
      })),
    )
    .filter(({ lines, most }) => lines > most);
  const problems = long
    .filter(({ file, lines, most }) => lines > (known[file] ?? most))
    .map(({ file, lines, most }) => ({
      where: file,
      what: `${lines} lines, ${known[file] === undefined ? `the limit is ${most}` : `it had ${known[file]} and may only shrink`}`,
      fix: "split it by noun; classes whose methods only hand over to functions elsewhere may be longer",
    }));
  const now = Object.fromEntries(
    long.flatMap(({ file, lines }) => (known[file] === undefined ? [] : [[file, Math.min(lines, known[file])]])),
  );
  return { problems, now };
}

/**
 * Checks, and tightens the list where files have shrunk.
 *
 * @param {import("./workspace.mjs").Workspace} workspace
 * @param {string} list Path of the list.
 */
export function checkLengths(workspace, list) {
  const known = JSON.parse(readFileSync(list, "utf8"));
  const { problems, now } = findLong(workspace, known);
  if (JSON.stringify(now) !== JSON.stringify(known)) writeFileSync(list, `${JSON.stringify(now, null, 2)}\n`);
  return problems;
}
