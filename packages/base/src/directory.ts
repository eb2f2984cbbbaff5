import { accessSync, constants, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type ErrorFactory, errorKind } from "./errors.ts";
import { isRunning, processIdentity } from "./process-identity.ts";
import { thrownMessage } from "./thrown-text.ts";

export const directoryUnusable: ErrorFactory = errorKind("DIRECTORY_UNUSABLE", "environment");
const directoryInUse: ErrorFactory = errorKind("DIRECTORY_IN_USE", "user");

/** Attempts to take over a dead owner's directory; in each failed one, another process was faster. */
const ATTEMPTS_MAX = 8;

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
 * Node's own `recursive` never returns where the parent is there and the system says ENOENT all the same, as `/proc` does.
 *
 * @param path Absolute.
 */
function makeDirectory(path: string): void {
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

/**
 * Claims a directory for this process, exclusively among the processes of this machine. A dead owner loses its claim.
 *
 * @returns A function that releases it.
 * @throws DIRECTORY_UNUSABLE, DIRECTORY_IN_USE
 */
export function ownDirectory(path: string, owner: string, option: string): () => void {
  usableDirectory(path, option);
  const file = join(path, `${owner}.pid`);
  const mine = `${process.pid} ${processIdentity(process.pid).start}`;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return () => {
        if (textOf(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if (!isCode(error, "EEXIST")) {
        throw directoryUnusable(
          `${file} cannot be written: ${thrownMessage(error)}. Nothing was started. Give another directory with ${option}, or free space there.`,
          { cause: error, fields: { path } },
        );
      }
    }
    const [pid, start] = (textOf(file) ?? "").split(" ");
    if (isRunning({ pid: Number(pid), start: start ?? "" })) {
      throw directoryInUse(
        `${resolve(path)} is in use by the ${owner} with pid ${pid}. Nothing was started. Give another directory with ${option}, or stop that ${owner} first.`,
        { fields: { path, pid: Number(pid) } },
      );
    }
    rmSync(file, { force: true });
  }
  throw directoryInUse(
    `${resolve(path)} is being taken by other processes at this moment. Nothing was started. Give another directory with ${option}.`,
    { fields: { path } },
  );
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // its owner has just released it
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
