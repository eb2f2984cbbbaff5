import { errorKind } from "@millrace/base";

export const jobFileMissing = errorKind("JOB_FILE_MISSING", "user");
export const jobSyntax = errorKind("JOB_SYNTAX", "user");
export const jobNoDefaultExport = errorKind("JOB_NO_DEFAULT_EXPORT", "user");
export const jobImportUnresolved = errorKind("JOB_IMPORT_UNRESOLVED", "user");
export const jobTypes = errorKind("JOB_TYPES", "user");
export const jobPackagesMissing = errorKind("JOB_PACKAGES_MISSING", "environment");
export const artefactCorrupt = errorKind("ARTEFACT_CORRUPT", "environment");
export const artefactVersion = errorKind("ARTEFACT_VERSION", "environment");
