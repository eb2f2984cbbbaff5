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
/** The server of a file system does not answer, or refuses work for now. */
export const fileServerUnreachable: ErrorFactory = errorKind("FILE_SERVER_UNREACHABLE", "environment", "same-task");
const fileCredentialsRefused: ErrorFactory = errorKind("FILE_CREDENTIALS_REFUSED", "environment");
/** A location names a bucket, or what else its file system calls a root, that does not exist. */
const fileStoreMissing: ErrorFactory = errorKind("FILE_STORE_MISSING", "environment");
export const fileSystemRefused: ErrorFactory = errorKind("FILE_SYSTEM_REFUSED", "user");
export const fileSystemUnknown: ErrorFactory = errorKind("FILE_SYSTEM_UNKNOWN", "user");

/**
 * Makes an error of the engine with one code, to be thrown.
 *
 * @param message The operation and its location, the cause, and the remedy.
 * @param options.fields Values for programs, such as `{ path }`.
 */
export type MakeFileError = (
  message: string,
  options?: { readonly cause?: unknown; readonly fields?: Readonly<Record<string, string | number>> },
) => Error;

/** The errors that a file system of another package throws: each function makes one with a code known to the engine. */
export interface FileErrors {
  /** FILE_NOT_FOUND: nothing exists there. */
  readonly notFound: MakeFileError;
  /** FILE_CHANGED: the file has changed since it was listed. */
  readonly changed: MakeFileError;
  /** FILE_FORBIDDEN: the user of the process does not have the permission. */
  readonly forbidden: MakeFileError;
  /** FILE_EXISTS: something already exists there. */
  readonly exists: MakeFileError;
  /** FILE_WRONG_KIND: a directory where a file is required, or the reverse. */
  readonly wrongKind: MakeFileError;
  /** DISK_FULL: there is no space left, or a quota is used up. The task is retried. */
  readonly full: MakeFileError;
  /** FILE_SERVER_UNREACHABLE: the server does not answer, or refuses work for now. The task is retried. */
  readonly unreachable: MakeFileError;
  /** FILE_CREDENTIALS_REFUSED: there are no credentials, or the server does not accept them. */
  readonly credentials: MakeFileError;
  /** FILE_STORE_MISSING: the root of the location, such as its bucket, does not exist. */
  readonly noStore: MakeFileError;
  /** FILE_SYSTEM_REFUSED: the options of the file system are not valid. */
  readonly refused: MakeFileError;
  /** FILE_IO: anything else. The task is retried. */
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
  unreachable: fileServerUnreachable,
  credentials: fileCredentialsRefused,
  noStore: fileStoreMissing,
  refused: fileSystemRefused,
  io: fileIo,
};
