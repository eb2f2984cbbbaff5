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

/** The files of a partition, by their names alone. */
export interface PartitionFiles {
  readonly deltas: readonly StateVersion[];
  readonly slices: readonly SliceName[];
  /** What a local write that was cut off has left. */
  readonly torn: readonly TornFile[];
}

interface TornFile {
  readonly name: string;
  readonly version: StateVersion;
}

const FILE = /^([\d-]+)\.(?:(\d{1,4})-(\d{1,4})\.slice|delta)(\.\d+-\d+-\d+\.tmp)?$/;
const FOLDER = /^(\d{1,4})-(\d{1,4})$/;

export function deltaFileName(version: StateVersion): string {
  return `${versionName(version)}.delta`;
}

export function sliceFileName({ version, first, last }: SliceName): string {
  return `${versionName(version)}.${first}-${last}.slice`;
}

/** Sorts the names in the folder of a partition; others than those of state files are ignored. */
export function partitionFilesOf(names: Iterable<string>): PartitionFiles {
  const deltas: StateVersion[] = [];
  const slices: SliceName[] = [];
  const torn: TornFile[] = [];
  for (const name of names) {
    const [, version, first, last, cutOff] = FILE.exec(name) ?? [];
    const parsed = parseVersionName(version ?? "");
    if (parsed === undefined) continue;
    if (cutOff !== undefined) torn.push({ name, version: parsed });
    else if (first === undefined) deltas.push(parsed);
    else slices.push({ version: parsed, first: Number(first), last: Number(last) });
  }
  return { deltas, slices, torn };
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
