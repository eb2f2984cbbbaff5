import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type ErrorFactory, errorKind } from "./errors.ts";
import { thrownMessage } from "./thrown-text.ts";

export const directoryUnusable: ErrorFactory = errorKind("DIRECTORY_UNUSABLE", "environment");

/**
 * Creates a directory that a process writes to for as long as it runs.
 *
 * @param option The option's name for the error: `--data-dir`.
 * @throws DIRECTORY_UNUSABLE It cannot be created or written to.
 */
export function usableDirectory(path: string, option: string): void {
  try {
    makeDirectory(resolve(path));
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw directoryUnusable(
      `${resolve(path)} cannot be used as a directory: ${thrownMessage(error)}. Nothing was started. ` +
        `Give another one with ${option}, or let the user that runs this process write there.`,
      { cause: error, fields: { path } },
    );
  }
}

/**
 * Creates a directory and its missing parents. Node's own `recursive` says ENOENT of a read-only disk, and never returns where
 * the parent is there and the system says ENOENT all the same, as `/proc` does.
 *
 * @param path Absolute.
 * @throws The system's error.
 */
export function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
