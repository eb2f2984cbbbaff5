import { type ErrorFactory, errorKind } from "@millrace/base";

export const fileNotFound: ErrorFactory = errorKind("FILE_NOT_FOUND", "environment");
/** A file is not what it was when it was listed. */
export const fileChanged: ErrorFactory = errorKind("FILE_CHANGED", "environment");
export const fileForbidden: ErrorFactory = errorKind("FILE_FORBIDDEN", "environment");
export const fileExists: ErrorFactory = errorKind("FILE_EXISTS", "environment");
export const fileWrongKind: ErrorFactory = errorKind("FILE_WRONG_KIND", "environment");
export const fileHandlesExhausted: ErrorFactory = errorKind("FILE_HANDLES_EXHAUSTED", "environment", "same-task");
export const diskFull: ErrorFactory = errorKind("DISK_FULL", "environment", "same-task");
export const fileIo: ErrorFactory = errorKind("FILE_IO", "environment", "same-task");
export const fileSystemRefused: ErrorFactory = errorKind("FILE_SYSTEM_REFUSED", "user");
export const fileSystemUnknown: ErrorFactory = errorKind("FILE_SYSTEM_UNKNOWN", "user");
