import type { EngineError } from "@millrace/base";
import {
  diskFull,
  fileExists,
  fileForbidden,
  fileHandlesExhausted,
  fileIo,
  fileNotFound,
  fileWrongKind,
} from "@millrace/files";

/** The system's code, such as `ENOENT`, if `error` is one of its errors. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Converts an error of Node into the engine's: `what` is the operation, as in "read" or "make the directory". */
export function fileError(what: string, path: string, error: unknown): EngineError {
  const code = systemCode(error) ?? "no code";
  const options = { cause: error, fields: { path, reason: code } };
  const failed = `could not ${what} ${path}`;
  switch (code) {
    case "ENOENT":
      return fileNotFound(
        `${failed}: nothing exists at that path. Check the path, and whether something removes files there.`,
        options,
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return fileForbidden(
        `${failed}: permission denied (${code}). Give the user that runs this process access, or choose another path.`,
        options,
      );
    case "EEXIST":
    case "ENOTEMPTY":
      return fileExists(
        `${failed}: something already exists there (${code}). Remove it or choose another path.`,
        options,
      );
    case "ENOTDIR":
    case "EISDIR":
      return fileWrongKind(
        `${failed}: ${code === "EISDIR" ? "it is a directory" : "a part of the path is a file, not a directory"}. Choose another path.`,
        options,
      );
    case "EMFILE":
    case "ENFILE":
      return fileHandlesExhausted(
        `${failed}: too many files are open (${code}). A task that fails because of it is retried; raise the limit (ulimit -n) if this repeats.`,
        options,
      );
    case "ENOSPC":
    case "EDQUOT":
      return diskFull(
        `${failed}: the disk is full (${code}). The task is retried, elsewhere if possible; free space, or set another work directory.`,
        options,
      );
    default:
      return fileIo(
        `${failed}: ${error instanceof Error ? error.message : String(error)}. A task that fails because of it is retried; check the disk if this repeats.`,
        options,
      );
  }
}
