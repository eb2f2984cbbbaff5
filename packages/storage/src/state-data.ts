// State as data, for whoever reads a checkpoint without running its job.
export { partitionFolder } from "./state/file-names.ts";
export { type KeptVersions, keptVersions } from "./state/kept-versions.ts";
export { scanState } from "./state/scan.ts";
export { type ChangedKey, type FoundKey, readChanges, readChangesAcross, readState } from "./state/state-data.ts";
export { StateSorter } from "./state/state-sorter.ts";
