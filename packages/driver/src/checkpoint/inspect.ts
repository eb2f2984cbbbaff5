import { EngineError, thrownMessage } from "@millrace/base";
import { entriesOf, type FileSystem, type Location, within } from "@millrace/files";
import type { NamedPart, NamedState, PendingBatch, StateHeads } from "@millrace/plan";
import { outputInWords, sourceInWords, writtenVersion } from "@millrace/scheduler";
import { countKeys, operatorFolder, StateFiles } from "@millrace/storage";
import { checkpointAt, type FoundCheckpoint, findCheckpoint, partitionsOf } from "./found-checkpoint.ts";

/** What is in a checkpoint directory. Plain data. Times are batch times. */
export interface CheckpointReport {
  readonly directory: string;
  /** The name of the job; `undefined`: state was imported, and no job has run on it yet. */
  readonly job: string | undefined;
  readonly batchIntervalMs: number | undefined;
  /** Of the last owner: how many there were. */
  readonly epoch: number;
  /** The last batch that was committed. */
  readonly committed: number | undefined;
  /** The batch that was planned and is not committed. */
  readonly pending: { readonly time: number; readonly prepared: boolean; readonly outputsDone: number } | undefined;
  /** Batches that later ones may look back on. */
  readonly remembered: number;
  readonly states: readonly StateReport[];
  readonly sources: readonly PartReport[];
  readonly outputs: readonly PartReport[];
  /** Names of what was dropped. */
  readonly dropped: readonly string[];
  readonly bytes: { readonly log: number; readonly state: number };
  /** Folders of state that no state of the job leads to. */
  readonly leftovers: readonly { readonly folder: string; readonly bytes: number }[];
  readonly damaged: readonly { readonly path: string; readonly why: string }[];
}

interface StateReport extends Pick<NamedState, "name" | "given" | "kind" | "label" | "version"> {
  readonly partitions: number;
  /** `undefined`: it cannot be read. */
  readonly keys: number | undefined;
  readonly files: number;
  readonly bytes: number;
  /** The batch that updated it last, whether or not it changed anything. */
  readonly updated: number;
  /** The last batch that changed a key; `undefined`: none did. */
  readonly changed: number | undefined;
}

interface PartReport extends Pick<NamedPart, "name" | "given" | "kind" | "label"> {
  /** What the checkpoint has of it, in words. */
  readonly has: string | undefined;
}

/**
 * Reads a checkpoint directory, and all of the state in it. It may be that of a running job. Nothing is changed.
 *
 * @throws FILE_SYSTEM_UNKNOWN, and the errors of {@link findCheckpoint}
 */
export async function inspectCheckpoint(path: string): Promise<CheckpointReport> {
  const { files, directory } = checkpointAt(path);
  return inspect(files, directory);
}

async function inspect(files: FileSystem, directory: Location): Promise<CheckpointReport> {
  const found = await findCheckpoint(files, directory);
  const { committed, pending, remembered } = found.logged;
  const damaged: { path: string; why: string }[] = [];
  const states: StateReport[] = [];
  for (const [state, heads] of describedStates(found))
    states.push(await inspectState(files, directory, { state, heads, damaged }));
  const prepared = pending?.prepared?.outputs ?? [];
  const described = ({ name, given, kind, label }: NamedPart, has: string | undefined): PartReport => {
    return { name, given, kind, label, has };
  };
  return {
    directory,
    job: found.identity?.name,
    batchIntervalMs: found.identity?.batchIntervalMs,
    epoch: found.epoch,
    committed: committed.last === 0 ? undefined : committed.last,
    pending: pending && reportOf(pending),
    remembered: remembered.length,
    states,
    sources: found.parts.sources.map((part) => described(part, sourceInWords(found.logged, part.name))),
    outputs: found.parts.outputs.map((part) => {
      const staged = prepared.find(({ output }) => output.name === part.name)?.kind === "files";
      const files = staged ? `files of batch ${pending?.time}, which are to be made visible` : undefined;
      return described(part, outputInWords(found.logged, part.name) ?? files);
    }),
    dropped: found.dropped,
    bytes: {
      log: (await sizeOf(files, within(directory, "batches"))).bytes,
      state: (await sizeOf(files, within(directory, "state"))).bytes,
    },
    leftovers: await leftoversIn(files, directory, new Set(states.map(({ name }) => operatorFolder(directory, name)))),
    damaged,
  };
}

function reportOf({ time, prepared, done }: PendingBatch): NonNullable<CheckpointReport["pending"]> {
  return { time, prepared: prepared !== undefined, outputsDone: done.length };
}

/** The states of the log, whether or not the job as it ran last has them. */
function describedStates({ parts, logged }: FoundCheckpoint): readonly (readonly [NamedState, StateHeads])[] {
  const empty = { batch: logged.zeroTime ?? logged.committed.last, partitions: 0, heads: [] };
  const unknown = { given: true, kind: "unknown", place: 0, code: 0, version: 1, migrates: false };
  const known = new Map(parts.states.map((state) => [state.name, state]));
  for (const name of logged.committed.states.keys())
    if (!known.has(name)) known.set(name, { ...unknown, name, label: name });
  return [...known.values()].map((state) => [
    { ...state, version: writtenVersion(state, logged) },
    logged.committed.states.get(state.name) ?? empty,
  ]);
}

async function inspectState(
  files: FileSystem,
  directory: Location,
  {
    state,
    heads,
    damaged,
  }: {
    readonly state: NamedState;
    readonly heads: StateHeads;
    readonly damaged: { path: string; why: string }[];
  },
): Promise<StateReport> {
  const { name, given, kind, label, version } = state;
  const reader = new StateFiles({ files, directory });
  let keys: number | undefined = 0;
  for (const [of, head] of partitionsOf(name, heads)) {
    if (head === undefined) continue;
    try {
      const counted = await countKeys(reader, of, head, (file, error) => {
        damaged.push({ path: pathIn(error) ?? `${name}, ${file}`, why: whyOf(error) });
      });
      if (keys !== undefined) keys += counted;
    } catch (error) {
      keys = undefined;
      damaged.push({ path: pathIn(error) ?? `${name}, partition ${of.partition}`, why: whyOf(error) });
    }
  }
  const changed = heads.heads.flatMap((head) => (head === undefined ? [] : [head.batch]));
  const size = await sizeOf(files, operatorFolder(directory, name));
  return {
    ...{ name, given, kind, label, version, keys, ...size },
    partitions: heads.partitions,
    updated: heads.batch,
    changed: changed.length === 0 ? undefined : Math.max(...changed),
  };
}

/** Folders of state that no state of the log has. */
async function leftoversIn(
  files: FileSystem,
  directory: Location,
  known: ReadonlySet<Location>,
): Promise<CheckpointReport["leftovers"]> {
  const left: { folder: string; bytes: number }[] = [];
  for (const { path } of (await entriesOf(files, within(directory, "state"))) ?? [])
    if (!known.has(path)) left.push({ folder: path, bytes: (await sizeOf(files, path)).bytes });
  return left;
}

async function sizeOf(
  files: FileSystem,
  folder: Location,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const sum = { files: 0, bytes: 0 };
  for (const entry of (await entriesOf(files, folder)) ?? []) {
    const size = entry.kind === "directory" ? await sizeOf(files, entry.path) : { files: 1, bytes: entry.bytes };
    sum.files += size.files;
    sum.bytes += size.bytes;
  }
  return sum;
}

const pathIn = (error: unknown): string | undefined => {
  const path = error instanceof EngineError ? error.fields.path : undefined;
  return typeof path === "string" ? path : undefined;
};

const whyOf = (error: unknown): string => thrownMessage(error);
