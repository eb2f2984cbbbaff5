import { type ErrorFactory, errorKind } from "@millrace/base";

export const jobFileMissing: ErrorFactory = errorKind("JOB_FILE_MISSING", "user");
export const jobSyntax: ErrorFactory = errorKind("JOB_SYNTAX", "user");
export const jobNoDefaultExport: ErrorFactory = errorKind("JOB_NO_DEFAULT_EXPORT", "user");
export const jobImportUnresolved: ErrorFactory = errorKind("JOB_IMPORT_UNRESOLVED", "user");
export const jobTypes: ErrorFactory = errorKind("JOB_TYPES", "user");
export const jobPackagesMissing: ErrorFactory = errorKind("JOB_PACKAGES_MISSING", "environment");
export const artefactCorrupt: ErrorFactory = errorKind("ARTEFACT_CORRUPT", "environment");
export const artefactVersion: ErrorFactory = errorKind("ARTEFACT_VERSION", "environment");
export const tsconfigExists: ErrorFactory = errorKind("TSCONFIG_EXISTS", "user");
