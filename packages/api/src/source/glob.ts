import { createRequire } from "node:module";
import { type Location, rootOf, within } from "@millrace/files";
import { badArgument } from "../errors.ts";

/** Loads the library when the first wildcard is read: every thread of a job loads this file, and few read one. */
const require = createRequire(import.meta.url);

/** Alternatives of braces in one pattern. */
const ALTERNATIVES_MAX = 1000;

/** A literal name, or a test of names. */
type Segment = string | ((name: string) => boolean);

/** A parsed location with wildcards. */
export interface Glob {
  readonly root: Location;
  /** For each alternative of its braces, the names from the root down. */
  readonly alternatives: readonly (readonly Segment[])[];
}

/**
 * Reads a location in which `*` stands for any part of a name, `?` for one character, `[a-c]` and `[^a-c]` for one of
 * some, `{a,b/c}` for alternatives, and a backslash takes its meaning from the character after it. As in a shell, a
 * wildcard at the beginning of a name does not stand for a dot: hidden directories are where files are written before
 * they are moved.
 *
 * @returns `undefined`: it is a plain location.
 * @throws BAD_ARGUMENT A bracket or brace is not closed, or there are too many alternatives.
 */
export function parseGlob(location: Location): Glob | undefined {
  const root = rootOf(location);
  const below = location.slice(root.length);
  if (!/[*?[{]/.test(below)) return undefined;
  const alternatives = expandBraces(below, location).map((pattern) =>
    pattern
      .split("/")
      .filter((name) => name !== "")
      .map((name) => segmentOf(name, location)),
  );
  return { root, alternatives };
}

/**
 * The entries of a directory, by name; none if it does not exist or is not a directory. `last`: nothing below it is
 * needed.
 */
export type NamesIn = (directory: Location, last: boolean) => Promise<readonly string[]>;

/** The matching locations, each once, ordered by name. Trailing names without a wildcard are not looked up. */
export async function matchesOf({ root, alternatives }: Glob, namesIn: NamesIn): Promise<readonly Location[]> {
  const found = new Set<Location>();
  for (const segments of alternatives) {
    let at = [root];
    for (const [i, segment] of segments.entries()) {
      const last = i === segments.length - 1;
      if (typeof segment === "string") at = at.map((directory) => within(directory, segment));
      else at = (await Promise.all(at.map((directory) => matching(directory, segment, last, namesIn)))).flat();
    }
    for (const directory of at) found.add(directory);
  }
  return [...found].sort();
}

async function matching(
  directory: Location,
  matches: (name: string) => boolean,
  last: boolean,
  namesIn: NamesIn,
): Promise<Location[]> {
  const names = await namesIn(directory, last);
  return names.filter(matches).map((name) => within(directory, name));
}

/** Expands the first pair of braces, then those within the results. */
function expandBraces(pattern: string, whole: string): string[] {
  const open = findUnescaped(pattern, "{", 0);
  if (open < 0) return [pattern];
  const { close, commas } = closingBrace(pattern, open, whole);
  const cuts = [open, ...commas, close];
  const parts = cuts.slice(1).map((to, i) => pattern.slice((cuts[i] ?? open) + 1, to));
  const expanded = parts.flatMap((part) =>
    expandBraces(pattern.slice(0, open) + part + pattern.slice(close + 1), whole),
  );
  if (expanded.length <= ALTERNATIVES_MAX) return expanded;
  throw badArgument(`the braces of ${whole} stand for more than ${ALTERNATIVES_MAX} paths. Use wildcards.`);
}

function closingBrace(pattern: string, open: number, whole: string) {
  const commas: number[] = [];
  let depth = 0;
  for (let i = open; i < pattern.length; i += 1) {
    const char = pattern[i];
    if (char === "\\") i += 1;
    else if (char === "{") depth += 1;
    else if (char === "," && depth === 1) commas.push(i);
    else if (char === "}") {
      depth -= 1;
      if (depth === 0) return { close: i, commas };
    }
  }
  throw badArgument(`a brace of the path ${whole} is not closed. Write \\{ for a literal brace.`);
}

/** An escape, a class of characters, or a character that is special to the library but not to these patterns. */
const PART = /\\(.?)|\[([!^]?)((?:\\.|[^\\])(?:\\.|[^\]\\])*)\]|[()|+$^{}"[\]]/gsu;

function segmentOf(name: string, whole: string): Segment {
  if (!/[*?[]/.test(name.replace(/\\./gsu, ""))) return name.replace(/\\(.)/gsu, "$1");
  const pattern = name.replace(PART, (part, escaped?: string, negation?: string, members?: string) => {
    if (members !== undefined) return `[${negation === "" ? "" : "^"}${members.replace(/\\(.)/gsu, inClass)}]`;
    if (part === "[")
      throw badArgument(`a bracket of the path ${whole} is not closed. Write \\[ for a literal bracket.`);
    return literal(escaped === undefined ? part : escaped === "" ? "\\" : escaped);
  });
  const hidden = !/^[*?[]/.test(name);
  const expression = expressionOf(pattern, name, whole);
  return (candidate) => (hidden || !candidate.startsWith(".")) && expression.test(candidate);
}

/**
 * The expression of a single name. The library's features for whole paths are switched off, as are those of other shells
 * (`+(…)`, `!…`), because these patterns are Hadoop's, which do not have them.
 */
function expressionOf(pattern: string, name: string, whole: string): RegExp {
  const picomatch: typeof import("picomatch") = require("picomatch");
  try {
    return picomatch.makeRe(pattern, {
      dot: true,
      nobrace: true,
      noextglob: true,
      noglobstar: true,
      nonegate: true,
      literalBrackets: false,
      fastpaths: false, // they would add escapes that the flag u does not allow
      flags: "su",
      debug: true, // throws if a pattern cannot become an expression
    });
  } catch {
    throw badArgument(`the brackets of ${name} in the path ${whole} are not a range of characters, such as [a-c].`);
  }
}

/** A character that stands for itself, for the library and for the expression that it makes. */
function literal(char: string): string {
  if (char === '"') return '["]';
  return /[\\^$.*+?()[\]{}|]/.test(char) ? `\\${char}` : char;
}

function inClass(_: string, char: string): string {
  return /[\\^$.*+?()[\]{}|-]/.test(char) ? `\\${char}` : char;
}

function findUnescaped(text: string, wanted: string, from: number): number {
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === wanted) return i;
  }
  return -1;
}
