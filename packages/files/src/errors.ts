import { type ErrorFactory, errorKind } from "@millrace/base";

export const fileNotFound: ErrorFactory = errorKind("FILE_NOT_FOUND", "environment");
/** A file differs from what was listed. */
export const fileChanged: ErrorFactory = errorKind("FILE_CHANGED", "environment");
export const fileForbidden: ErrorFactory = errorKind("FILE_FORBIDDEN", "environment");
export const fileExists: ErrorFactory = errorKind("FILE_EXISTS", "environment");
export const fileWrongKind: ErrorFactory = errorKind("FILE_WRONG_KIND", "environment");
export const fileHandlesExhausted: ErrorFactory = errorKind("FILE_HANDLES_EXHAUSTED", "environment", "same-task");
export const diskFull: ErrorFactory = errorKind("DISK_FULL", "environment", "same-task");
export const fileIo: ErrorFactory = errorKind("FILE_IO", "environment", "same-task");
export const fileSystemRefused: ErrorFactory = errorKind("FILE_SYSTEM_REFUSED", "user");
export const fileSystemUnknown: ErrorFactory = errorKind("FILE_SYSTEM_UNKNOWN", "user");

/**
 * Makes an error of the engine with one code, to be thrown.
 *
 * @param message What was tried and where, why it failed, and what can be done.
 * @param options.fields What programs want to know of it, such as `{ path }`.
 */
export type MakeFileError = (
  message: string,
  options?: { readonly cause?: unknown; readonly fields?: Readonly<Record<string, string | number>> },
) => Error;

/** What a file system of another package throws: each makes an error with the code that the engine knows. */
export interface FileErrors {
  /** FILE_NOT_FOUND: nothing is there. */
  readonly notFound: MakeFileError;
  /** FILE_CHANGED: a file is not what it was when it was listed. */
  readonly changed: MakeFileError;
  /** FILE_FORBIDDEN: whoever runs the process has not the right to it. */
  readonly forbidden: MakeFileError;
  /** FILE_EXISTS: something is there already. */
  readonly exists: MakeFileError;
  /** FILE_WRONG_KIND: a directory where a file has to be, or the other way round. */
  readonly wrongKind: MakeFileError;
  /** DISK_FULL: there is no room, or no more is allowed. A task is tried again. */
  readonly full: MakeFileError;
  /** FILE_IO: anything else, such as a server that does not answer. A task is tried again. */
  readonly io: MakeFileError;
}

/** See {@link FileErrors}: `throw fileErrors.notFound("nothing is at box://a/b. …", { fields: { path } })`. */
export const fileErrors: FileErrors = {
  notFound: fileNotFound,
  changed: fileChanged,
  forbidden: fileForbidden,
  exists: fileExists,
  wrongKind: fileWrongKind,
  full: diskFull,
  io: fileIo,
};
