import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs, fromWireError, ManualClock } from "@millrace/base";
import { decodeBlock, encodeBlock, encodeCaptures } from "@millrace/codec";
import { type FileSystems, localVersion, locationFrom } from "@millrace/files";
import type { AnyFunction, FunctionRef } from "@millrace/operators";
import {
  type FileRange,
  fnSlot,
  type Op,
  type OutputRef,
  type Pipeline,
  type Source,
  type StageSink,
  type StageTemplate,
  type StateRef,
  stageRunId,
  type TemplateId,
} from "@millrace/plan";
import {
  type BlockHandle,
  BlockPool,
  localFileSystems,
  readHandle,
  SpillDirectory,
  stateStores,
} from "@millrace/storage";
import { FunctionTable, type SlotOutcome, SlotRuntime } from "../index.ts";
import { testedStore } from "../state/tested-store.fixture.ts";
import type { ResolvedInput } from "../threads.ts";

export interface TestStage {
  readonly source: Source;
  readonly ops?: readonly Op[];
  readonly sink?: StageSink;
  /** The number of records to take; all by default. */
  readonly limit?: number;
  /** By slot. Operators of the engine are resolved as tasks do; anything else runs as it is. */
  readonly functions?: readonly (AnyFunction | FunctionRef)[];
  readonly inputs?: readonly ResolvedInput[];
  readonly state?: StateRef;
  readonly output?: OutputRef;
  readonly partition?: number;
  readonly attempt?: number;
  readonly batch?: number;
}

export type Done = Extract<SlotOutcome, { kind: "mapOutput" | "result" }>;

/** A range of a file at its current version, by default all of it. A missing file gets a range too, as if it had been listed. */
export function fileInput(path: string, start = 0, end?: number): FileRange {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  const version = stat === undefined ? "1@0" : localVersion(stat);
  return { kind: "file", path: locationFrom(path), start, end: end ?? Number(stat?.size ?? 1n), version };
}

/** Operators in the order in which their functions stand in `functions`. */
export function op(kind: Op["kind"], slot?: number): Op {
  const label = `${kind} at job.ts:${(slot ?? 0) + 1}:1`;
  return (slot === undefined ? { kind, label } : { kind, fn: fnSlot(slot), label }) as Op;
}

export const blocks: Source = { kind: "blocks", input: 0 };

export const shuffle = (aggregate: Extract<Source, { kind: "shuffle" }>["aggregate"], input = 0): Source => ({
  kind: "shuffle",
  feed: { kind: "shuffle", input },
  aggregate,
});

export interface TestSlotOptions {
  /** By default this machine's own, with blocking calls. */
  readonly files?: FileSystems;
  readonly spillBytes?: number;
  readonly poolBytes?: number;
  readonly lineBytesMax?: number;
  readonly snapshotDeltas?: number;
}

/** A slot in this thread, with a pool and a folder of its own. */
export class TestSlot {
  readonly files: FileSystems;
  readonly directory = mkdtempSync(join(tmpdir(), "millrace-runtime-"));
  readonly pool: BlockPool;
  readonly functions: FunctionTable;
  readonly #inline = new Map<string, AnyFunction>();
  readonly #spills: SpillDirectory;
  runtime: SlotRuntime;
  readonly options: TestSlotOptions;
  /** A number, or a function that returns the next one. */
  heapUse: number | (() => number) = 0;
  cancelAfterChecks = Number.POSITIVE_INFINITY;
  #runs = 0;

  constructor(options: TestSlotOptions = {}) {
    this.options = options;
    this.files = options.files ?? localFileSystems();
    this.functions = new FunctionTable({ files: this.files, inline: (id) => this.#inline.get(id) });
    this.pool = BlockPool.create({ bytes: options.poolBytes ?? 16 * 1024 ** 2 });
    this.#spills = new SpillDirectory(this.directory, this.pool.owner);
    this.runtime = this.#newRuntime();
  }

  /** Restarts the slot as after the loss of its thread, without templates, stages and state. */
  restart(): void {
    this.runtime.close();
    this.runtime = this.#newRuntime();
  }

  remove(): void {
    this.runtime.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  spillFiles(): string[] {
    return readdirSync(this.directory).filter((name) => name.startsWith("spill-"));
  }

  input(records: Iterable<unknown>): ResolvedInput {
    return { kind: "inline", block: encodeBlock(records, this.functions.classes) };
  }

  async run(stage: TestStage): Promise<SlotOutcome> {
    const number = ++this.#runs;
    const functions = stage.functions ?? [];
    const inline = (fn: AnyFunction, i: number | string): string => {
      const id = `inline:${number}.${i}`;
      this.#inline.set(id, fn);
      return id;
    };
    const ids = functions.map((fn, i) => (typeof fn === "function" ? inline(fn, i) : fn.id));
    const captured = functions.map((fn) => (typeof fn === "function" ? [] : (fn.captures?.() ?? [])));
    const reference = (value: object) =>
      typeof value === "function"
        ? { tag: "fn", id: inline(value as AnyFunction, `captured ${this.#inline.size}`) } // checked by typeof
        : undefined;
    const captures = captured.every((values) => values.length === 0)
      ? new Uint8Array(0)
      : encodeCaptures(captured, { classes: this.functions.classes, reference });
    const pipeline: Pipeline = { source: stage.source, ops: stage.ops ?? [] };
    const template: StageTemplate = {
      id: `t${number}` as TemplateId,
      pipeline,
      sink: stage.sink ?? { kind: stage.limit === undefined ? "collect" : "take" },
      functions: ids,
    };
    const run = stageRunId(number);
    this.runtime.loadTemplate(template);
    const batch = epochMs(stage.batch ?? stage.state?.batch ?? 1000);
    this.runtime.startStage({
      run,
      batch,
      templates: [template.id],
      captures: [captures],
      broadcasts: [],
      partitions: 1,
      ...(stage.limit === undefined ? {} : { limit: stage.limit }),
    });
    const outcome = await this.runtime.runTask({
      run,
      partition: stage.partition ?? 0,
      attempt: stage.attempt ?? 0,
      template: 0,
      slot: 0,
      inputs: stage.inputs ?? [],
      ...(stage.state === undefined ? {} : { state: stage.state }),
      ...(stage.output === undefined ? {} : { output: stage.output }),
    });
    this.runtime.endStage(run);
    return outcome;
  }

  async done(stage: TestStage): Promise<Done> {
    const outcome = await this.run(stage);
    if (outcome.kind === "failed") throw fromWireError(outcome.error);
    if (outcome.kind === "cancelled") throw new Error("cancelled");
    return outcome;
  }

  /** The result records of a stage over one inline block of `records`. */
  async collect(records: Iterable<unknown>, stage: Omit<TestStage, "source"> & { readonly source?: Source }) {
    return this.results(await this.done({ source: blocks, inputs: [this.input(records)], ...stage }));
  }

  results(outcome: Done): unknown[] {
    if (outcome.kind !== "result") throw new Error("not a result");
    const { result } = outcome;
    if (result.kind === "written") throw new Error("a file, not records");
    return result.kind === "inline" ? decodeBlock(result.block, this.functions.classes) : this.read(result.handle);
  }

  /** The records of each reduce partition. */
  partitions(outcome: Done): unknown[][] {
    if (outcome.kind !== "mapOutput") throw new Error("not a map output");
    return outcome.blocks.map((block) => (block === undefined ? [] : this.read(block)));
  }

  read(handle: BlockHandle): unknown[] {
    return [...readHandle(handle, this.pool)].flatMap((frame) => decodeBlock(frame, this.functions.classes));
  }

  #newRuntime(): SlotRuntime {
    const spills = this.#spills;
    return new SlotRuntime(
      {
        pool: this.pool,
        newSpillFile: () => spills.newFile(),
        files: this.files,
        cancellation: { cancelled: () => this.cancelAfterChecks-- <= 0 },
        clock: new ManualClock(epochMs(0)),
        lineBytesMax: this.options.lineBytesMax ?? 256 * 1024 ** 2,
        spillBytes: this.options.spillBytes ?? 64 * 1024 ** 2,
        snapshotDeltas: this.options.snapshotDeltas ?? 100,
        checkpointSync: false,
        newStateStore: stateStores(testedStore, spills),
        heapUse: () => (typeof this.heapUse === "number" ? this.heapUse : this.heapUse()),
      },
      this.functions,
    );
  }
}
