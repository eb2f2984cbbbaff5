import { didYouMean, EngineError, type EpochMs, type ErrorFactory, epochMs, errorKind } from "@millrace/base";
import { decodeValue, fromTaggedJson, type Json, PlaceholderClasses, partitionOf, toTaggedJson } from "@millrace/codec";
import type { FileSystem, Location } from "@millrace/files";
import { hasOwnPlacement, type StateHeads, type StateVersion } from "@millrace/plan";
import { StateFiles, stateDeltaMissing } from "@millrace/storage";
import {
  type ChangedKey,
  type FoundKey,
  type KeptVersions,
  keptVersions,
  readChanges,
  readChangesAcross,
  readState,
  scanState,
} from "@millrace/storage/state-data";
import { checkpointAt, type FoundCheckpoint, findCheckpoint, partitionsOf } from "./found-checkpoint.ts";

const stateUnknown: ErrorFactory = errorKind("STATE_UNKNOWN", "user");
const batchUnknown: ErrorFactory = errorKind("STATE_BATCH_UNKNOWN", "user");
const sweptMeanwhile: ErrorFactory = errorKind("STATE_SWEPT", "environment");

/** A key with its state. Both are JSON, in the notation of docs/formats/json.md. */
export interface StateRow {
  readonly operator: string;
  readonly key: Json;
  readonly state: Json;
  /** When the key was last updated, in epoch ms, if keys of the operator time out. */
  readonly updated: number | undefined;
}

/** A key whose state differs between two batches: absent before, after, or neither. */
export interface KeyChange {
  readonly operator: string;
  readonly key: Json;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** Which part of a checkpoint. */
export interface StateSelection {
  /** By default, all operators. */
  readonly operator?: string | undefined;
  /** As of this batch time; by default, the last batch that is committed. */
  readonly batch?: number | undefined;
}

/** A state as of a batch. */
interface HeadsAt extends StateHeads {
  /** The batch that gave it another number of partitions. */
  readonly until: EpochMs | undefined;
}

/** Batches that an error names. */
const BATCHES_TOLD = 10;

/**
 * The state in a checkpoint directory or a savepoint, as of its committed batches. It may be that of a running job, which is not
 * asked, and does not notice: only files are read.
 */
export class StateData {
  readonly directory: Location;
  readonly #found: FoundCheckpoint;
  readonly #files: StateFiles;
  readonly #classes = new PlaceholderClasses();

  /**
   * @throws FILE_SYSTEM_UNKNOWN, and the errors of {@link findCheckpoint}
   */
  static async open(path: string): Promise<StateData> {
    const { files, directory } = checkpointAt(path);
    return new StateData(files, directory, await findCheckpoint(files, directory));
  }

  private constructor(files: FileSystem, directory: Location, found: FoundCheckpoint) {
    this.directory = directory;
    this.#found = found;
    this.#files = new StateFiles({ files, directory });
  }

  /** The name of the job; `undefined`: state was imported, and no job has run on it yet. */
  get job(): string | undefined {
    return this.#found.identity?.name;
  }

  get #whose(): string {
    return this.job === undefined ? "imported state" : `the job ${JSON.stringify(this.job)}`;
  }

  /** The last batch that is committed. */
  get last(): EpochMs {
    return this.#found.logged.committed.last;
  }

  /** The names of its stateful operators. */
  get operators(): readonly string[] {
    return [...this.#states.keys()];
  }

  /**
   * All keys, some at a time: operator by operator, and within a partition in the order of key groups.
   *
   * @throws STATE_UNKNOWN, STATE_BATCH_UNKNOWN, STATE_SWEPT, STATE_DELTA_CORRUPT, STATE_DELTA_MISSING
   */
  async *scan({ operator, batch }: StateSelection): AsyncGenerator<readonly StateRow[], void, undefined> {
    for (const name of this.#selected(operator)) {
      const heads = await this.#headsAt(name, batch);
      for (const [of, head] of partitionsOf(name, heads)) {
        for await (const rows of this.#unlessSwept(scanState(this.#files, of, head)))
          yield rows.map((row) => this.#row(name, row));
      }
    }
  }

  /** The state of some keys, in their order; `undefined`: there is no such key. @throws As `scan` */
  async get(
    operator: string,
    keys: readonly Json[],
    { batch }: Pick<StateSelection, "batch"> = {},
  ): Promise<readonly (StateRow | undefined)[]> {
    this.#selected(operator);
    const heads = await this.#headsAt(operator, batch);
    const found: (StateRow | undefined)[] = [];
    for (const json of keys) {
      const key = fromTaggedJson(json, this.#classes);
      const home = partitionOf(key, Math.max(1, heads.partitions));
      // A partitioner of the job may have put it elsewhere.
      const places = partitionsOf(operator, heads).toSorted(
        ([a], [b]) => Number(b.partition === home) - Number(a.partition === home),
      );
      let row: FoundKey | undefined;
      for (const [of, head] of places) row ??= (await readState(this.#files, of, head, { keys: [key] }))[0];
      found.push(row && this.#row(operator, row));
    }
    return found;
  }

  /**
   * The keys that differ between two batches, partition by partition. Costs what the batches between them touched; if the number
   * of partitions has changed meanwhile, as much as reading both states.
   *
   * @throws As `scan`
   */
  async *diff({
    operator,
    from,
    to,
  }: {
    readonly operator?: string | undefined;
    readonly from: number;
    readonly to?: number | undefined;
  }): AsyncGenerator<readonly KeyChange[], void, undefined> {
    for (const name of this.#selected(operator)) {
      const versions = { from: await this.#headsAt(name, from), to: await this.#headsAt(name, to) };
      for await (const changes of this.#unlessSwept(this.#changes(name, versions))) {
        yield changes.map(({ key, before: was, after: is }) => ({
          operator: name,
          key: toTaggedJson(key, this.#classes),
          before: was && this.#stateOf(was),
          after: is && this.#stateOf(is),
        }));
      }
    }
  }

  async *#changes(
    operator: string,
    { from, to }: { readonly from: HeadsAt; readonly to: HeadsAt },
  ): AsyncGenerator<readonly ChangedKey[], void, undefined> {
    const part = this.#found.parts.states.find(({ name }) => name === operator);
    const byHash = part !== undefined && !hasOwnPlacement(part);
    // A partitioner of the job may place keys elsewhere when it is back at an earlier number of partitions.
    if (from.partitions !== to.partitions || (!byHash && from.until !== to.until)) {
      return yield* readChangesAcross(this.#files, operator, { from, to }, { byHash });
    }
    for (const [of, head] of partitionsOf(operator, to))
      yield await readChanges(this.#files, of, { from: from.heads[of.partition], to: head });
  }

  get #states(): ReadonlyMap<string, StateHeads> {
    return this.#found.logged.committed.states;
  }

  #selected(operator: string | undefined): readonly string[] {
    if (operator === undefined) return this.operators;
    if (this.#states.has(operator)) return [operator];
    const { operators } = this;
    throw stateUnknown(
      `the checkpoint of ${this.#whose} in ${this.directory} has no state ${JSON.stringify(operator)}${didYouMean(operator, operators)}. ` +
        (operators.length === 0 ? "It has none." : `It has ${operators.join(", ")}.`),
      { fields: { directory: this.directory, operator } },
    );
  }

  /** @throws STATE_BATCH_UNKNOWN */
  async #headsAt(operator: string, batch: number | undefined): Promise<HeadsAt> {
    let heads = this.#states.get(operator);
    if (heads === undefined) return { batch: epochMs(0), partitions: 0, heads: [], until: undefined };
    if (batch === undefined) return { ...heads, until: undefined };
    if (batch > this.last)
      throw batchUnknown(
        `batch ${batch} is not committed: the last one of ${this.#whose} is ${atBatch(this.last)}. Nothing is read. Name that one or an earlier one.`,
        { fields: { batch, last: this.last } },
      );
    let later: EpochMs | undefined; // in another number of partitions
    while (heads.former !== undefined && batch < heads.former.until) ({ until: later, heads } = heads.former);
    const at: (StateVersion | undefined)[] = [];
    const kept: KeptVersions[] = [];
    let isKept = true;
    for (const [of, head] of partitionsOf(operator, heads)) {
      if (head === undefined) {
        at.push(undefined);
        continue;
      }
      const versions = await keptVersions(this.#files, of, head);
      const version = versions.versions.find((one) => one.batch <= batch);
      kept.push(versions);
      at.push(version);
      if (version === undefined && !versions.fromTheBeginning) isKept = false;
    }
    if (!isKept) throw this.#notKept(operator, { batch, kept, later });
    return { batch: epochMs(batch), partitions: heads.partitions, heads: at, until: later };
  }

  #notKept(
    operator: string,
    {
      batch,
      kept,
      later = this.last,
    }: { readonly batch: number; readonly kept: readonly KeptVersions[]; readonly later: EpochMs | undefined },
  ): EngineError {
    // Every partition has its oldest version: the newest of those is the first that all have.
    const first = Math.max(
      ...kept.map(({ versions, fromTheBeginning }) => (fromTheBeginning ? 0 : (versions.at(-1)?.batch ?? later))),
    );
    const batches = [...new Set(kept.flatMap(({ versions }) => versions.map((version) => version.batch)))]
      .filter((one) => one >= first)
      .sort((a, b) => b - a);
    const told = batches.slice(0, BATCHES_TOLD).map(atBatch).join(", ");
    const more = batches.length > BATCHES_TOLD ? ` and ${batches.length - BATCHES_TOLD} earlier ones` : "";
    return batchUnknown(
      `the state of ${JSON.stringify(operator)} as of batch ${atBatch(batch)} is not kept any more. Nothing is read. ` +
        `It is kept from batch ${atBatch(first)} on${told === "" ? "" : `, and these have changed it: ${told}${more}`}. A savepoint keeps a batch for as long as you like.`,
      { fields: { operator, batch, first } },
    );
  }

  #row(operator: string, row: FoundKey): StateRow {
    return { operator, key: toTaggedJson(row.key, this.#classes), state: this.#stateOf(row), updated: row.updated };
  }

  #stateOf({ cell }: FoundKey): Json {
    return toTaggedJson(cell instanceof Uint8Array ? decodeValue(cell, this.#classes) : cell, this.#classes);
  }

  async *#unlessSwept<T>(rows: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    try {
      yield* rows;
    } catch (error) {
      throw await this.#explained(error);
    }
  }

  /** A running job removes files that no batch needs any more. */
  async #explained(error: unknown): Promise<unknown> {
    if (!(error instanceof EngineError && error.code === stateDeltaMissing.code)) return error;
    const now = await StateData.open(this.directory).catch(() => undefined);
    if (now === undefined || now.last === this.last) return error;
    return sweptMeanwhile(
      `${this.#whose} has gone on from batch ${atBatch(this.last)} to ${atBatch(now.last)}, and has removed files that were still to be read. What was written so far is incomplete. ` +
        "Run the command again, or make a savepoint and read that.",
      { cause: error, fields: { directory: this.directory } },
    );
  }
}

/** `1764460800000 (2025-11-30T00:00:00.000Z)`. */
function atBatch(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : `${time} (${date.toISOString()})`;
}
