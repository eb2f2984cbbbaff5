import { type Location, within } from "@millrace/files";
import { parseVersionName, type StateVersion, versionName } from "@millrace/plan";

/** One partition of a stateful operator. */
export interface StatePartition {
  /** The operator's name in the checkpoint: `totals`, `updateStateByKey-2`. */
  readonly operator: string;
  readonly partition: number;
  readonly partitions: number;
}

/** Key groups `first` to `last`, both included. */
export interface GroupRange {
  readonly first: number;
  readonly last: number;
}

/** A slice: the keys of a range of key groups, as of a version. */
export interface SliceName extends GroupRange {
  readonly version: StateVersion;
}

/** A merged delta: what `count` versions changed, up to this one. */
export interface MergedName {
  readonly version: StateVersion;
  readonly count: number;
}

/** The rows of a merged delta that are of a range of key groups. */
export interface PartName extends MergedName, GroupRange {}

/** The files of a partition, by their names alone. */
export interface PartitionFiles {
  readonly deltas: readonly StateVersion[];
  readonly slices: readonly SliceName[];
  readonly merged: readonly MergedName[];
  /** Also of merged deltas that are not complete. */
  readonly parts: readonly PartName[];
  /** What a local write that was cut off has left. */
  readonly torn: readonly TornFile[];
}

interface TornFile {
  readonly name: string;
  readonly version: StateVersion;
}

const FILE =
  /^(?<hidden>\.)?(?<name>[\d-]+)\.(?:(?<count>\d{1,9})\.)?(?:(?<first>\d{1,4})-(?<last>\d{1,4})\.)?(?<kind>delta|slice|merged|part)(?<cutOff>\.\d+-\d+-\d+\.tmp)?$/;
const FOLDER = /^(\d{1,4})-(\d{1,4})$/;

export function deltaFileName(version: StateVersion): string {
  return `${versionName(version)}.delta`;
}

export function sliceFileName({ version, first, last }: SliceName): string {
  return `${versionName(version)}.${first}-${last}.slice`;
}

export function mergedFileName({ version, count }: MergedName): string {
  return `${versionName(version)}.${count}.merged`;
}

export function partFileName({ version, count, first, last }: PartName): string {
  return `${versionName(version)}.${count}.${first}-${last}.part`;
}

/** Sorts the names in the folder of a partition; others than those of state files are ignored. */
export function partitionFilesOf(names: Iterable<string>): PartitionFiles {
  const found = {
    deltas: [] as StateVersion[],
    slices: [] as SliceName[],
    merged: [] as MergedName[],
    parts: [] as PartName[],
    torn: [] as TornFile[],
  };
  for (const file of names) {
    const { hidden, name = "", count, first, last, kind, cutOff } = FILE.exec(file)?.groups ?? {};
    const version = parseVersionName(name);
    if (version === undefined) continue;
    const range = first === undefined ? undefined : { first: Number(first), last: Number(last) };
    if (hidden !== undefined && cutOff === undefined) continue;
    if (cutOff !== undefined) found.torn.push({ name: file, version });
    else if (kind === "delta" && count === undefined && range === undefined) found.deltas.push(version);
    else if (kind === "slice" && count === undefined && range !== undefined) found.slices.push({ version, ...range });
    else if (kind === "merged" && count !== undefined && range === undefined)
      found.merged.push({ version, count: Number(count) });
    else if (kind === "part" && count !== undefined && range !== undefined)
      found.parts.push({ version, count: Number(count), ...range });
  }
  return found;
}

/** The folder of an operator: `<checkpoint directory>/state/<operator>`. */
export function operatorFolder(directory: Location, operator: string): Location {
  return within(directory, "state", folderName(operator));
}

/** The folder of a partition: `<operator folder>/<partitions>-<partition>`. */
export function partitionFolder(directory: Location, { operator, partitions, partition }: StatePartition): Location {
  return within(operatorFolder(directory, operator), `${partitions}-${partition}`);
}

/** The partition whose folder has this name within that of its operator; `undefined` for a folder that is not ours. */
export function partitionNamed(name: string): Omit<StatePartition, "operator"> | undefined {
  const [, partitions = "0", partition = "0"] = FOLDER.exec(name) ?? [];
  const found = { partitions: Number(partitions), partition: Number(partition) };
  return found.partition < found.partitions ? found : undefined;
}

/** A name valid in any file system and distinct per operator: other characters become `%` and four hex digits. */
export function folderName(operator: string): string {
  const hexed = (unit: string): string => `%${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const name = operator.replace(/[^A-Za-z0-9_.-]/g, hexed); // without the u flag: lone surrogates are ordinary units
  return name === "" ? "%" : name.replace(/^\./, hexed);
}
