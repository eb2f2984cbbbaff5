export {
  diskFull,
  type FileErrors,
  fileChanged,
  fileErrors,
  fileExists,
  fileForbidden,
  fileHandlesExhausted,
  fileIo,
  fileNotFound,
  fileWrongKind,
  type MakeFileError,
} from "./errors.ts";
export {
  type BlockingAppender,
  type BlockingFiles,
  type BlockingReader,
  type BlockingWriter,
  type ByteRange,
  entriesOf,
  type FileAccess,
  type FileEntry,
  type FileKind,
  type FileReader,
  type FileStat,
  type FileSystem,
  type FileWriter,
  type ListedFile,
  type WrittenContent,
} from "./file-system.ts";
export { FileSystems, type FileSystemsOptions } from "./file-systems.ts";
export { changedSince, localVersion } from "./file-version.ts";
export {
  type Location,
  type Locations,
  locationFrom,
  locations,
  nameIn,
  parentOf,
  rootOf,
  schemeOf,
  within,
} from "./location.ts";
export { type OptionIssue, optionProblems } from "./option-problems.ts";
export { listenToPatience, type OnFailing, type PatienceOptions, patiently } from "./patience.ts";
export { readByOpening } from "./read-by-opening.ts";
export { loadInstalled, registerFileSystem } from "./registered.ts";
