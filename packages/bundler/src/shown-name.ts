import { dirname, relative, sep } from "node:path";

/** A file as messages and ids show it: relative to the folder of the job file, with forward slashes. */
export function shownName(entry: string, path: string): string {
  return relative(dirname(entry), path).split(sep).join("/");
}
