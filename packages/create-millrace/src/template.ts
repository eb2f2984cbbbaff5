import type { Choices } from "./choices.ts";

/** A file of the new project. */
export interface ProjectFile {
  /** From the project's folder. */
  readonly path: string;
  readonly text: string;
}

/** What stands for something else in the files of the template, as `{{name}}`. */
export interface Filling {
  readonly name: string;
  readonly version: string;
}

/** The name that the job's input has in its test: by it the test stands in for the source. */
const INPUTS: Readonly<Record<Choices["source"], string>> = { sockets: "localhost:9999", files: "incoming" };

/**
 * The files of a project.
 *
 * @param readLayer Reads a folder of the template. Of a file that several have, the last counts; those called `package.json` are
 *   joined into one.
 */
export function render(
  { test, source }: Choices,
  readLayer: (name: string) => readonly ProjectFile[],
  filling: Filling,
): readonly ProjectFile[] {
  const files = new Map<string, string>();
  for (const { path: packed, text } of ["common", test, source].flatMap(readLayer)) {
    const path = unpackedName(packed);
    const before = files.get(path);
    files.set(path, path === "package.json" && before !== undefined ? joinManifests(before, text) : text);
  }
  return [...files].map(([path, text]) => ({ path, text: fill(text, { ...filling, input: INPUTS[source] }) }));
}

/** npm leaves `.gitignore` out of packages, so files that begin with a dot are kept under another name. */
function unpackedName(path: string): string {
  return path.replace(/^_/, ".");
}

function joinManifests(first: string, second: string): string {
  const joined = joinObjects(JSON.parse(first), JSON.parse(second));
  return `${JSON.stringify(joined, null, 2)}\n`;
}

function joinObjects(first: object, second: object): object {
  const joined: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = joined[key];
    joined[key] = isObject(before) && isObject(value) ? joinObjects(before, value) : value;
  }
  return joined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((filled, [name, value]) => filled.replaceAll(`{{${name}}}`, value), text);
}
