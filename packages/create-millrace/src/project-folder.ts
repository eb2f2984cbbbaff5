import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Refusal, refuse } from "./choices.ts";
import type { ProjectFile } from "./template.ts";

const TEMPLATE = fileURLToPath(new URL("../template", import.meta.url));

/** The files of one folder of the template. */
export function readLayer(name: string): readonly ProjectFile[] {
  const folder = join(TEMPLATE, name);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .sort()
    .map((path) => ({ path: relative(folder, path), text: readFileSync(path, "utf8") }));
}

/** Why no project can be made there, if so: what is there already is never touched. */
export function refusalOf(folder: string): Refusal | undefined {
  if (!existsSync(folder)) return undefined;
  return attempt(folder, () => {
    if (!statSync(folder).isDirectory()) {
      return refuse(`${folder} is a file. Give the name of a folder that is empty, or not there yet.`);
    }
    const there = readdirSync(folder).filter((name) => name !== ".git");
    if (there.length === 0) return undefined;
    const more = there.length > 3 ? ` and ${there.length - 3} more` : "";
    return refuse(
      `${folder} is not empty: it has ${there.slice(0, 3).join(", ")}${more}. Give a folder that is empty, or not there yet.`,
    );
  });
}

/** Writes a project; nothing is overwritten. */
export function writeProject(folder: string, files: readonly ProjectFile[]): Refusal | undefined {
  return attempt(folder, () => {
    for (const { path, text } of files) {
      const file = join(folder, path);
      makeFolder(dirname(file));
      writeFileSync(file, text, { flag: "wx" });
    }
    return undefined;
  });
}

/** Node's own `recursive` never returns where the parent is there and the system says ENOENT all the same, as `/proc` does. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  mkdirSync(path);
}

function attempt(folder: string, work: () => Refusal | undefined): Refusal | undefined {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(`${folder} cannot be used: ${reason}. Give a folder where this user may write.`);
  }
}
