import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder unless it is there, and says why nothing can be written to it; `undefined` if it can.
 *
 * @param {string} path Absolute.
 * @returns {string | undefined}
 */
export function whyNotFolder(path) {
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return `${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Node's own `recursive` never returns where the parent is there and the system says ENOENT all the same, as `/proc` does.
 *
 * @param {string} path
 */
function makeFolder(path) {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error; // else another one was faster
  }
}
