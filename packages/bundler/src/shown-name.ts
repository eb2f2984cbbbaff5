import { dirname, relative, sep } from "node:path";

/** A file's name in messages and ids: relative to the folder of the job file, with forward slashes. */
export function shownName(entry: string, path: string): string {
  return relative(dirname(entry), path).split(sep).join("/");
}
