import { badArgument } from "../errors.ts";

/** Alternatives of braces in one pattern. */
const ALTERNATIVES_MAX = 1000;

/** A name as it stands, or what names have to match. */
type Segment = string | RegExp;

/** A path with wildcards, taken apart: for each alternative of its braces the names from the root down. */
export type Glob = readonly (readonly Segment[])[];

/**
 * Reads an absolute path in which `*` stands for any part of a name, `?` for one character, `[a-c]` and `[^a-c]` for one of
 * some, `{a,b/c}` for alternatives, and a backslash takes its meaning from the character after it. As in a shell, a
 * wildcard at the beginning of a name does not stand for a dot: hidden directories are where files are written before
 * they are moved.
 *
 * @returns `undefined`: it is a plain path.
 * @throws BAD_ARGUMENT A bracket or brace is not closed, or there are too many alternatives.
 */
export function parseGlob(path: string): Glob | undefined {
  if (!/[*?[{]/.test(path)) return undefined;
  const alternatives = expandBraces(path, path);
  return alternatives.map((pattern) =>
    pattern
      .split("/")
      .filter((name) => name !== "")
      .map((name) => segmentOf(name, path)),
  );
}

/** What is in a directory, by name; none if it is none or is not there. `last`: nothing below it is asked for. */
export type NamesIn = (directory: string, last: boolean) => Promise<readonly string[]>;

/**
 * The paths that match, each once, in the order of their names. The last names of a path may be without a wildcard: whether
 * there is such a one is not looked up.
 */
export async function matchesOf(glob: Glob, namesIn: NamesIn): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const segments of glob) {
    let at: string[] = [""];
    for (const [i, segment] of segments.entries()) {
      const last = i === segments.length - 1;
      if (typeof segment === "string") at = at.map((directory) => `${directory}/${segment}`);
      else at = (await Promise.all(at.map((directory) => matching(directory, segment, last, namesIn)))).flat();
    }
    for (const directory of at) found.add(directory);
  }
  return [...found].sort();
}

async function matching(directory: string, pattern: RegExp, last: boolean, namesIn: NamesIn): Promise<string[]> {
  const names = await namesIn(directory === "" ? "/" : directory, last);
  return names.filter((name) => pattern.test(name)).map((name) => `${directory}/${name}`);
}

/** Writes out the first pair of braces, then those within what came of it. */
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
  throw badArgument(`a brace of the path ${whole} is not closed. Write \\{ for the character itself.`);
}

function segmentOf(name: string, whole: string): Segment {
  let plain = "";
  let source = "";
  let wild = false;
  for (let i = 0; i < name.length; i += 1) {
    const char = name[i] ?? "";
    if (char === "*" || char === "?") {
      wild = true;
      source += char === "*" ? ".*" : ".";
    } else if (char === "[") {
      wild = true;
      const { text, end } = classOf(name, i, whole);
      source += text;
      i = end;
    } else {
      const literal = char === "\\" ? (name[++i] ?? "\\") : char;
      plain += literal;
      source += quoted(literal);
    }
  }
  if (!wild) return plain;
  try {
    return new RegExp(`^${/^[*?[]/.test(name) ? "(?!\\.)" : ""}${source}$`, "su");
  } catch {
    throw badArgument(`the brackets of ${name} in the path ${whole} are no range of characters, such as [a-c].`);
  }
}

/** `[a-c]` or `[^a-c]`, from its bracket on. */
function classOf(name: string, open: number, whole: string): { readonly text: string; readonly end: number } {
  const negated = name[open + 1] === "^" || name[open + 1] === "!";
  let text = "";
  for (let i = open + (negated ? 2 : 1); i < name.length; i += 1) {
    const char = name[i] ?? "";
    if (char === "]" && text !== "") return { text: `[${negated ? "^" : ""}${text}]`, end: i };
    if (char !== "\\") text += quoted(char);
    else text += name[++i] === "-" ? "\\-" : quoted(name[i] ?? "\\");
  }
  throw badArgument(`a bracket of the path ${whole} is not closed. Write \\[ for the character itself.`);
}

function findUnescaped(text: string, wanted: string, from: number): number {
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === wanted) return i;
  }
  return -1;
}

/** A character that stands for itself in a regular expression with the flag `u`; in a class or not, but for the dash. */
function quoted(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
