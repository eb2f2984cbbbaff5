import {
  type Clock,
  EngineError,
  type EpochMs,
  type ErrorFactory,
  epochMs,
  errorKind,
  parseConf,
  type WarningFactory,
  type WarningSink,
  warningKind,
} from "@millrace/base";
import { encodeValue, fromTaggedJson, PlaceholderClasses, toTaggedJson } from "@millrace/codec";
import { type FileSystem, fileNotFound, type Location, within } from "@millrace/files";
import {
  type BaseEntry,
  hasOwnPlacement,
  IMPORTED,
  type JobParts,
  type LoggedBatches,
  type NamedState,
  type RememberedBatch,
  type StateHeads,
} from "@millrace/plan";
import { writtenVersion } from "@millrace/scheduler";
import { type StateCell, StateFiles } from "@millrace/storage";
import { BatchLog } from "@millrace/storage/batch-log";
import { StateSorter } from "@millrace/storage/state-data";
import { ownCheckpointFor } from "../lease/checkpoint-lease.ts";
import type { HeldLease } from "../lease/held-lease.ts";
import { type Processes, realProcesses } from "../lease/processes.ts";
import { copyStates, runsAgain, takeCheckpoint } from "./copied-state.ts";
import { checkpointAt, type FoundCheckpoint, findCheckpoint, IMPORT_FOLDER } from "./found-checkpoint.ts";
import { hasLog, refuseForeign, refuseUnlessEmpty } from "./import-target.ts";

const notImportable: ErrorFactory = errorKind("STATE_NOT_IMPORTABLE", "user");
const historyLost: WarningFactory = warningKind("STATE_HISTORY_LOST");

/** Of state that cannot be read, whatever is tried again. */
const UNREADABLE: ReadonlySet<string> = new Set([
  ...["STATE_DELTA_CORRUPT", "STATE_DELTA_FOREIGN", "STATE_DELTA_MISSING", fileNotFound.code],
]);

/** A key with its state as it is read: both in the notation of docs/formats/json.md. */
export interface ImportedPair {
  readonly operator: string;
  readonly key: unknown;
  readonly state: unknown;
  /** When the key was last updated, in epoch ms; `undefined`: at the time of the import. */
  readonly updated: number | undefined;
  /** Where it was read, from 1. Ascending. */
  readonly line: number;
}

export interface ImportRequest {
  /** The checkpoint directory to make. */
  readonly directory: string;
  /** A checkpoint or savepoint of which all other operators, and what sources have read, are taken over. */
  readonly from?: string | undefined;
  /** An operator that is imported even if there is no pair of it. */
  readonly operator?: string | undefined;
  /** By default, as many as the operator has in `from`, and otherwise one. */
  readonly partitions?: number | undefined;
  /** Of the values' schema. By default, that of the operator in `from`, and otherwise 1. */
  readonly version?: number | undefined;
  readonly pairs: AsyncIterable<readonly ImportedPair[]>;
  /** The error for a pair that cannot be imported. */
  readonly refuse: (line: number, why: string, cause?: unknown) => Error;
  /** Told how many keys have been read, and how many are written. It may throw, to end the import. */
  readonly onKeys: (keys: number, phase: "read" | "written") => void;
  readonly sink: WarningSink;
  readonly clock: Clock;
  /** Those that may own the directory. */
  readonly processes?: Processes;
}

/** Plain data. */
export interface ImportedState {
  readonly directory: string;
  /** The state is as of this batch. */
  readonly batch: number;
  readonly operators: readonly { readonly name: string; readonly keys: number; readonly partitions: number }[];
}

/**
 * Makes a checkpoint out of keys with their states, in a directory that is empty. It counts when its log is written, which
 * comes last: after a failure, nothing of it is left but a lease that is released, which another owner may have followed. Memory: see {@link StateSorter}.
 *
 * @throws CHECKPOINT_NOT_EMPTY, CHECKPOINT_IN_USE, CHECKPOINT_TAKEN The directory, which is not changed.
 * @throws STATE_NOT_IMPORTABLE, what `refuse` returns, and what `pairs` and `onKeys` throw
 * @throws CHECKPOINT_NOT_FOUND and others: `from` cannot be read. The errors of the file system.
 */
export async function importState(request: ImportRequest): Promise<ImportedState> {
  const { files, directory } = checkpointAt(request.directory);
  const from = request.from === undefined ? undefined : checkpointAt(request.from).directory;
  const found = from === undefined ? undefined : await findCheckpoint(files, from);
  await refuseForeign(files, directory);
  await refuseUnlessEmpty(files, directory); // before there is a lease in what is not ours
  const lease = await ownCheckpointFor(files, directory, {
    owned: {
      what: "an import of state",
      refused: "Nothing is imported.",
      lost: "The import is stopped, and nothing of it counts.",
    },
    lease: parseConf({})["checkpoint.lease"],
    owner: {
      clock: request.clock,
      processes: request.processes ?? realProcesses(),
      sink: request.sink,
      onLost: () => undefined, // it is proved before anything counts
    },
    epochAfter: found?.epoch ?? 0,
  });
  try {
    await refuseUnlessEmpty(files, directory);
    return await new StateImport({ files, directory, lease, from }, request).run();
  } finally {
    await lease.release();
  }
}

interface ImportPlace {
  readonly files: FileSystem;
  readonly directory: Location;
  readonly lease: HeldLease;
  readonly from: Location | undefined;
}

class StateImport {
  readonly #place: ImportPlace;
  readonly #request: ImportRequest;
  readonly #classes = new PlaceholderClasses();
  readonly #sorter: StateSorter;

  constructor(place: ImportPlace, request: ImportRequest) {
    this.#place = place;
    this.#request = request;
    const scratch = within(place.directory, IMPORT_FOLDER);
    this.#sorter = new StateSorter(new StateFiles({ files: place.files, directory: scratch }));
  }

  async run(): Promise<ImportedState> {
    const { files, directory, lease } = this.#place;
    await this.#remove(); // left by an import that was cut off
    // As long as the folder is there and no log, the state is not complete.
    await files.makeDirectory(within(directory, IMPORT_FOLDER));
    try {
      await this.#read();
      const { entry, imported } = await this.#write();
      await lease.prove();
      const { log } = await BatchLog.open({ files, directory, epoch: lease.epoch });
      await log.take(entry);
      log.close();
      await files.remove(within(directory, IMPORT_FOLDER));
      return imported;
    } catch (error) {
      // What another owner has is not removed.
      await lease.prove().then(
        () => this.#remove(),
        () => undefined,
      );
      throw error;
    }
  }

  async #remove(): Promise<void> {
    const { files, directory } = this.#place;
    if (await hasLog(files, directory)) return; // it is complete
    for (const folder of ["state", "batches", IMPORT_FOLDER]) await files.remove(within(directory, folder));
  }

  async #read(): Promise<void> {
    const { pairs, operator, onKeys } = this.#request;
    if (operator !== undefined) this.#sorter.add(operator);
    let keys = 0;
    for await (const some of pairs) {
      for (const pair of some) if (this.#put(pair)) await this.#sorter.flush();
      keys += some.length;
      onKeys(keys, "read");
    }
    if (this.#sorter.operators.length === 0)
      throw notImportable(
        "there are no pairs to import, and no operator is named. Nothing is imported. Name the operator, for a state without keys.",
      );
  }

  #put({ operator, key, state, updated, line }: ImportedPair): boolean {
    try {
      const value = fromTaggedJson(state, this.#classes);
      if (value === undefined) throw new Error("its state is undefined, which is no state: leave the key out");
      const row = { key: fromTaggedJson(key, this.#classes), cell: this.#cellOf(value), updated, place: line };
      return this.#sorter.put(operator, row);
    } catch (error) {
      throw this.#request.refuse(line, error instanceof Error ? error.message : String(error), error);
    }
  }

  #cellOf(value: unknown): StateCell {
    switch (typeof value) {
      case "string":
      case "number":
      case "boolean":
      case "bigint":
        return value;
      default:
        return value === null ? null : encodeValue(value, this.#classes);
    }
  }

  async #write(): Promise<{ readonly entry: BaseEntry; readonly imported: ImportedState }> {
    const { directory } = this.#place;
    const operators = new Set(this.#sorter.operators);
    const found = await this.#takeOver(operators);
    const batch = batchOf(found) ?? this.#request.clock.now();
    const states = new Map<string, StateHeads>();
    const described: NamedState[] = [];
    for (const operator of operators) {
      const before = found?.parts.states.find(({ name }) => name === operator);
      const part = this.#partOf(operator, found, before);
      described.push(part);
      states.set(operator, await this.#writeState(operator, { batch, schema: part.version, found }));
    }
    return {
      entry: entryOf(found, { batch, states, described }),
      imported: {
        directory,
        batch,
        operators: [...states].map(([name, { partitions }]) => ({ name, keys: this.#sorter.keysOf(name), partitions })),
      },
    };
  }

  #partOf(name: string, found: FoundCheckpoint | undefined, before: NamedState | undefined): NamedState {
    const { version } = this.#request;
    if (found === undefined || before === undefined) {
      const label = "imported state";
      const by = { given: true, kind: IMPORTED, label, place: 0, code: 0 };
      return { name, ...by, version: version ?? 1, migrates: false };
    }
    const { former: _, ...part } = before;
    if (hasOwnPlacement(part))
      throw notImportable(
        `the keys of ${JSON.stringify(name)} are placed by its own partitioner, which only its job has: which partition a key belongs to is not known here. Nothing is imported. ` +
          "Give the pairs to the job as its initialState.",
        { fields: { operator: name } },
      );
    return { ...part, version: version ?? writtenVersion(before, found.logged) };
  }

  #writeState(
    operator: string,
    of: { readonly batch: EpochMs; readonly schema: number; readonly found: FoundCheckpoint | undefined },
  ): Promise<StateHeads> {
    const { files, directory, lease } = this.#place;
    const { partitions, refuse, onKeys } = this.#request;
    return this.#sorter.write(new StateFiles({ files, directory }), operator, {
      partitions: partitions ?? of.found?.logged.committed.states.get(operator)?.partitions ?? 1,
      version: { batch: of.batch, attempt: 0, epoch: lease.epoch },
      schema: of.schema,
      twice: (key, first, again) =>
        refuse(
          again,
          `the key ${JSON.stringify(toTaggedJson(key, this.#classes))} of ${JSON.stringify(operator)} is in line ${first} already`,
        ),
      onKeys: (keys) => onKeys(keys, "written"),
    });
  }

  /** Takes over a checkpoint, but for some of its states. It may be that of a running job. */
  async #takeOver(operators: ReadonlySet<string>): Promise<FoundCheckpoint | undefined> {
    const { files, directory, from } = this.#place;
    const { sink } = this.#request;
    if (from === undefined) return undefined;
    return takeCheckpoint(files, from, async (found) => {
      await files.remove(within(directory, "state")); // left by an attempt that was cut off
      const { committed, pending, remembered } = found.logged;
      const others = withStates(found.logged, (states) => without(states, (name) => operators.has(name)));
      await copyStates(files, { logged: others, from, to: directory });
      // What earlier batches were built on, for windows that look back: unless that is what has to be repaired.
      const former = { committed: { ...committed, states: new Map() }, pending: undefined };
      const history = remembered.map((batch) => ({
        ...batch,
        states: without(batch.states, (name) => !operators.has(name)),
      }));
      const kept = await copyStates(files, {
        logged: { ...found.logged, ...former, remembered: history },
        from,
        to: directory,
      }).then(
        () => remembered,
        (error: unknown) => {
          if (!isUnreadable(error)) throw error;
          const names = [...operators].map((name) => JSON.stringify(name)).join(", ");
          sink.warn(
            historyLost(
              from,
              `what ${names} had as of earlier batches cannot be read in ${from} (${error.code}). ` +
                "The import goes on without it: windows that look back on batches before the import find no state there.",
            ),
          );
          return others.remembered;
        },
      );
      return { ...found, logged: { ...found.logged, pending: pending && runsAgain(pending), remembered: kept } };
    });
  }
}

function isUnreadable(error: unknown): error is EngineError {
  return error instanceof EngineError && UNREADABLE.has(error.code);
}

/** The batch of imported state: the last one of the checkpoint that it is a part of. */
function batchOf(found: FoundCheckpoint | undefined): EpochMs | undefined {
  if (found === undefined) return undefined;
  const { committed, zeroTime } = found.logged;
  return epochMs(Math.max(committed.last, zeroTime ?? 0));
}

/** The log of the checkpoint. */
function entryOf(
  found: FoundCheckpoint | undefined,
  imported: {
    readonly batch: EpochMs;
    readonly states: ReadonlyMap<string, StateHeads>;
    readonly described: readonly NamedState[];
  },
): BaseEntry {
  const { batch, states, described } = imported;
  if (found === undefined) {
    const base: LoggedBatches = {
      zeroTime: undefined,
      committed: { last: batch, states },
      remembered: [],
      pending: undefined,
      memories: new Map(),
      memoriesAt: batch,
      received: new Map(),
    };
    const parts = { states: described, sources: [], outputs: [] };
    return { kind: "base", identity: undefined, parts, dropped: [], base };
  }
  const { identity, dropped, logged } = found;
  const { committed, pending } = logged;
  const now = (before: ReadonlyMap<string, StateHeads>) => new Map([...before, ...states]);
  const names = new Set(described.map(({ name }) => name));
  const parts: JobParts = {
    ...found.parts,
    states: [...found.parts.states.filter(({ name }) => !names.has(name)), ...described],
  };
  const base: LoggedBatches = {
    ...logged,
    committed: { ...committed, states: now(committed.states) },
    pending: pending && { ...pending, states: now(pending.states) },
    received: new Map(),
  };
  return { kind: "base", identity, parts, dropped, base };
}

function withStates(
  logged: LoggedBatches,
  change: (states: ReadonlyMap<string, StateHeads>) => ReadonlyMap<string, StateHeads>,
): LoggedBatches {
  const changed = <Batch extends RememberedBatch>(batch: Batch): Batch => ({ ...batch, states: change(batch.states) });
  const { committed, pending, remembered } = logged;
  return {
    ...logged,
    committed: { ...committed, states: change(committed.states) },
    pending: pending && changed(pending),
    remembered: remembered.map(changed),
  };
}

const without = <T>(map: ReadonlyMap<string, T>, those: (name: string) => boolean): ReadonlyMap<string, T> =>
  new Map([...map].filter(([name]) => !those(name)));
