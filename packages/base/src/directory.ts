import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ErrorFactory, errorKind } from "./errors.ts";
import { thrownMessage } from "./thrown-text.ts";

export const directoryUnusable: ErrorFactory = errorKind("DIRECTORY_UNUSABLE", "environment");
const directoryInUse: ErrorFactory = errorKind("DIRECTORY_IN_USE", "user");

/** Who takes a directory over from a dead owner at the same time; each attempt loses to one that won. */
const ATTEMPTS_MAX = 8;

/**
 * Makes a directory that a process is to write to for as long as it runs.
 *
 * @param option Names it in the error: `--data-dir`.
 * @throws DIRECTORY_UNUSABLE It cannot be made, or written to.
 */
export function usableDirectory(path: string, option: string): void {
  try {
    mkdirSync(path, { recursive: true });
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
 * Takes a directory for this process alone, among those of this machine. An owner that is dead does not keep it.
 *
 * @returns Gives it back.
 * @throws DIRECTORY_UNUSABLE, DIRECTORY_IN_USE
 */
export function ownDirectory(path: string, owner: string, option: string): () => void {
  usableDirectory(path, option);
  const file = join(path, `${owner}.pid`);
  const mine = `${process.pid} ${startOf(process.pid) ?? ""}`;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return () => {
        if (textOf(file) === mine) rmSync(file, { force: true });
      };
    } catch (error) {
      if (!isCode(error, "EEXIST")) {
        throw directoryUnusable(
          `${file} cannot be written: ${thrownMessage(error)}. Nothing was started. Give another directory with ${option}, or make room there.`,
          { cause: error, fields: { path } },
        );
      }
    }
    const [pid, start] = (textOf(file) ?? "").split(" ");
    if (isAlive(Number(pid), start ?? "")) {
      throw directoryInUse(
        `${resolve(path)} is in use by the ${owner} with pid ${pid}. Nothing was started. Give another directory with ${option}, or end that ${owner} first.`,
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

/** @param start What {@link startOf} said of it: another process may have got its number since. */
function isAlive(pid: number, start: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!isCode(error, "EPERM")) return false; // it runs, as another user
  }
  return (startOf(pid) ?? "") === start;
}

/** When a process started, in ticks since the machine did; `undefined` where the system has no `/proc`. */
function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  // The name, in parentheses, may have spaces; the start is the 22nd field, the 20th after it.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // whoever had it is gone, or the system has no such file
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
