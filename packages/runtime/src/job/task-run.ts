import { assert, unreachable } from "@millrace/base";
import { decodeValue, emptyClassTable } from "@millrace/codec";
import type { ListedFile } from "@millrace/files";
import type { AnyFunction } from "@millrace/operators";
import type { FnSlot, StateVersion } from "@millrace/plan";
import { blame } from "../compile/blame.ts";
import type { Segment } from "../compile/segment.ts";
import { type Numbering, SegmentState } from "../compile/segment-state.ts";
import type { Entry, FoldSlots, Link, PipelineProgram } from "../compile/stage-program.ts";
import { type FilePieces, readPieces } from "../files/pieces.ts";
import { unzipped } from "../files/unzip.ts";
import { isZipped } from "../sink/text-file.ts";
import type { SortOrder } from "../sort/sort-order.ts";
import { SpillingSort } from "../sort/spilling-sort.ts";
import { BlocksFeeder, framesOf, ObjectFileFeeder } from "../source/blocks-feeder.ts";
import { BufferFeeder } from "../source/buffer-feeder.ts";
import { BytesFeeder } from "../source/bytes-feeder.ts";
import { CartesianFeeder } from "../source/cartesian-feeder.ts";
import { ConcatFeeder } from "../source/concat-feeder.ts";
import { type Feeder, push } from "../source/feeder.ts";
import { JoinFeeder } from "../source/join-feeder.ts";
import { GlomFeeder, LinkFeeder } from "../source/link-feeder.ts";
import { Replay } from "../source/replay.ts";
import { SortFeeder } from "../source/sort-feeder.ts";
import { SpoolFeeder } from "../source/spool-feeder.ts";
import { TableFeeder } from "../source/table-feeder.ts";
import { TextFeeder } from "../source/text-feeder.ts";
import { WithoutFeeder } from "../source/without-feeder.ts";
import { ZipFeeder } from "../source/zip-feeder.ts";
import { ZippedTextFeeder } from "../source/zipped-text-feeder.ts";
import type { SpillOptions } from "../table/spill-run.ts";
import { SpillingTable } from "../table/spilling-table.ts";
import type { TableBudget } from "../table/table-budget.ts";
import type { TableShape } from "../table/table-shape.ts";
import type { ResolvedInput } from "../task.ts";
import { foldOf } from "./fold-of.ts";
import { partitionCall } from "./partition-call.ts";
import { type StateParts, stateFeeder } from "./state-source.ts";
import { functionIn, type TaskEnvironment } from "./task-environment.ts";

/** A pipeline of one task, assembled and ready to be pumped into its last segment. */
interface Flow {
  readonly feeder: Feeder;
  readonly last: Segment;
}

/** The order of pairs of a record's number and the record. */
const BY_PLACE: SortOrder = { key: undefined, compare: undefined, descending: false };

/** One attempt of a task: builds the feeders of its program, and pumps records through them. */
export class TaskRun {
  recordsIn = 0;
  spilledBytes = 0;
  /** The version of its partition of state that it wrote, if any. */
  wroteState: StateVersion | undefined;
  readonly #env: TaskEnvironment;
  readonly #feeders: Feeder[] = [];
  readonly #files: FilePieces[] = [];

  constructor(env: TaskEnvironment) {
    this.#env = env;
  }

  /** The state of a segment of this task. */
  state(segment: Segment, table?: SpillingTable["table"]): SegmentState {
    const { functions, control } = this.#env;
    return new SegmentState({
      functions,
      control,
      labels: segment.labels,
      numberings: this.#numberings(segment),
      table,
    });
  }

  #numberings({ plan }: Segment): ReadonlyMap<number, Numbering> {
    const numberings = new Map<number, Numbering>();
    for (const [place, { kind, fn, index }] of plan.ops.entries()) {
      if (kind !== "number" || fn === undefined) continue;
      const of = this.#function<(partition: number) => readonly [first: number, step: number]>(fn);
      const [next, step] = of(this.#partition(index));
      numberings.set(place, { next, step });
    }
    return numberings;
  }

  /** Runs all records of a pipeline through to its last segment, whose state the caller has set up. */
  async run(program: PipelineProgram, state: SegmentState): Promise<void> {
    const { feeder, last } = this.#flow(program);
    await feeder.open();
    await this.#pump(feeder, last, state);
    await feeder.finish();
  }

  /**
   * Called when all input has been read, and before another error is reported.
   *
   * @throws FILE_CHANGED An input file differs from what was listed.
   */
  async verifyFiles(cause?: unknown): Promise<void> {
    for (const file of this.#files) await file.verify(cause);
  }

  /** Releases everything, even after an error. */
  close(): void {
    for (const feeder of this.#feeders.splice(0)) feeder.close();
  }

  async #pump(feeder: Feeder, segment: Segment, state: SegmentState): Promise<void> {
    const { later } = feeder;
    for (;;) {
      if (feeder.at >= feeder.end && !(later ? await feeder.nextLater() : feeder.next())) return;
      if (!push(feeder, segment, state)) continue;
      if (state.pending === undefined) return;
      const { pending } = state;
      state.pending = undefined;
      feeder.at = state.resumeAt;
      await this.#wait(pending, state);
    }
  }

  async #wait(pending: PromiseLike<unknown>, state: SegmentState): Promise<void> {
    try {
      await pending;
    } catch (error) {
      throw blame(error, state.labels[0] ?? "foreach");
    }
    this.#env.control.check();
  }

  #flow(program: PipelineProgram): Flow {
    let feeder = this.#own(this.#entry(program.entry));
    program.links.forEach((link, i) => {
      const segment = program.segments[i];
      assert(segment !== undefined, "a link has no segment before it");
      feeder = this.#own(this.#link(this.#buffered(feeder, segment), link));
    });
    const last = program.segments[program.links.length];
    assert(last !== undefined, "a pipeline has no last segment");
    return { feeder, last };
  }

  /** Buffers the output of a segment, unless the segment has no operators and would only copy. */
  #buffered(feeder: Feeder, segment: Segment): Feeder {
    return segment.plan.ops.length === 0 ? feeder : new BufferFeeder(feeder, segment, this.state(segment));
  }

  #own(feeder: Feeder): Feeder {
    this.#feeders.push(feeder);
    return feeder;
  }

  #link(upstream: Feeder, link: Link): Feeder {
    switch (link.kind) {
      case "glom":
        return new GlomFeeder(upstream, () => this.#env.control.check());
      case "sort":
        return this.#sort(upstream, link);
      case "wait":
        return upstream;
      default:
        return this.#called(
          [upstream],
          partitionCall(link, this.#function(link.fn), this.#env, (input) => this.#partition(input)),
          link.label,
        );
    }
  }

  #called(
    upstreams: readonly Feeder[],
    call: (...records: Iterable<unknown>[]) => unknown,
    label: string,
    onRecords?: (count: number) => void,
  ): Feeder {
    return new LinkFeeder(upstreams, {
      call,
      label,
      onRecords,
      check: () => this.#env.control.check(),
      spool: (later) => this.#spool(later),
    });
  }

  #sort(upstream: Feeder, link: Extract<Link, { readonly kind: "sort" }>): Feeder {
    const { control, budget } = this.#env;
    const { label, descending } = link;
    const key = link.key === undefined ? undefined : this.#function<NonNullable<SortOrder["key"]>>(link.key);
    const compare =
      link.compare === undefined ? undefined : this.#function<NonNullable<SortOrder["compare"]>>(link.compare);
    const check = (): void => control.check();
    const order = { key, compare, descending };
    const sort = new SpillingSort({ order, budget, check, ...this.#spillOptions() });
    return new SortFeeder(upstream, { sort, pairs: key === undefined, label, check });
  }

  #partition(input: number | undefined): number {
    if (input === undefined) return this.#env.task.partition;
    const given = this.#input(input);
    assert(given.kind === "partition", `input ${input} of a task is not the number of a partition`);
    return given.partition;
  }

  #entry(entry: Entry): Feeder {
    switch (entry.kind) {
      case "blocks":
        return this.#blocks(this.#input(entry.input));
      case "text":
        return this.#text(this.#input(entry.input));
      case "bytes":
        return this.#bytes(this.#input(entry.input), undefined);
      case "fixed":
        return this.#bytes(this.#input(entry.input), entry.recordBytes);
      case "external":
        return this.#external(entry);
      case "table":
        return this.#table(entry);
      case "without":
        return this.#without(entry);
      case "concat":
        return new ConcatFeeder(entry.feeds.map((feed) => this.#whole(feed)));
      case "cartesian":
        return this.#cartesian(entry);
      case "zip": {
        const feeders = entry.feeds.map((feed) => this.#whole(feed));
        if (entry.fn === undefined) return new ZipFeeder(feeders, entry.label);
        const fn = this.#function<(...records: Iterable<unknown>[]) => unknown>(entry.fn);
        return this.#called(feeders, fn, entry.label);
      }
      case "updateByKey":
      case "updatePartition":
      case "window":
      case "mapWithState":
      case "snapshot":
        return stateFeeder(entry, this.#stateParts());
      default:
        return unreachable(entry);
    }
  }

  #external({ input: index, read, label }: Extract<Entry, { readonly kind: "external" }>): Feeder {
    const input = this.#input(index);
    assert(input.kind === "external", `input ${index} of a task is not a range of ${label}`);
    const fn = this.#function<(range: unknown) => unknown>(read);
    return this.#called(
      [],
      () => fn(decodeValue(input.range, emptyClassTable)),
      label,
      (n) => this.#count(n),
    );
  }

  #cartesian(entry: Extract<Entry, { readonly kind: "cartesian" }>): Feeder {
    const { control, budget } = this.#env;
    const check = (): void => control.check();
    return new CartesianFeeder({
      left: this.#whole(entry.left),
      right: this.#whole(entry.right),
      replay: new Replay({ budget, check, ...this.#spillOptions() }),
      check,
    });
  }

  /** The whole output of a pipeline, including its last segment. */
  #whole(program: PipelineProgram): Feeder {
    const { feeder, last } = this.#flow(program);
    return this.#buffered(feeder, last);
  }

  #blocks(input: ResolvedInput): Feeder {
    const { ports, classes } = this.#env;
    const options = { classes, onRecords: (count: number) => this.#count(count) };
    if (input.kind === "file") return new ObjectFileFeeder(input.path, this.#read(input, 0), options);
    return new BlocksFeeder(framesOf(input, ports.pool), options);
  }

  #text(input: ResolvedInput): Feeder {
    // A file that is missing when the batch is planned is not replaced by blocks.
    if (input.kind !== "file") return this.#blocks(input);
    const { lineBytesMax } = this.#env.ports;
    const { path } = input;
    if (!isZipped(path)) return new TextFeeder({ range: input, lineBytesMax, ...this.#reading() });
    const pieces = unzipped(path, this.#read(input, 0));
    return new ZippedTextFeeder({ path, pieces, lineBytesMax, onRecords: (count) => this.#count(count) });
  }

  #bytes(input: ResolvedInput, recordBytes: number | undefined): Feeder {
    if (input.kind !== "file") return this.#blocks(input); // as above
    return new BytesFeeder({ range: input, recordBytes, ...this.#reading() });
  }

  #reading() {
    return {
      read: (file: ListedFile, start: number) => this.#read(file, start),
      onRecords: (count: number) => this.#count(count),
    };
  }

  #read(file: ListedFile, start: number): FilePieces {
    const pieces = readPieces(this.#env.ports.files, file, start);
    this.#files.push(pieces);
    return pieces;
  }

  #table(entry: Extract<Entry, { readonly kind: "table" }>): Feeder {
    const table = this.#spilling(entry.shape, this.#env.budget, entry.fold);
    const fill = async (): Promise<void> => {
      for (const feed of entry.feeds) await this.#fill(feed, table);
    };
    const feeder = new TableFeeder(table, fill);
    return entry.join === undefined ? feeder : new JoinFeeder(feeder, entry.join);
  }

  #without(entry: Extract<Entry, { readonly kind: "without" }>): Feeder {
    const { control, budget } = this.#env;
    const check = (): void => control.check();
    const table = this.#spilling({ kind: "cogroup", feeds: 2 }, budget);
    return new WithoutFeeder({
      table,
      fillRight: () => this.#fill(entry.right, table),
      left: () => this.#whole(entry.left),
      // It shares the memory with records that are read back from the table.
      sort: new SpillingSort({ order: BY_PLACE, budget: budget.share(1 / 2), check, ...this.#spillOptions() }),
      label: entry.label,
      check,
    });
  }

  #stateParts(): StateParts {
    return {
      env: this.#env,
      function: (slot) => this.#function(slot),
      whole: (program) => this.#whole(program),
      spool: (later) => this.#spool(later),
      table: (shape, budget) => this.#spilling(shape, budget),
      fill: (program, table) => this.#fill(program, table),
      updated: (version) => {
        this.wroteState = version;
      },
    };
  }

  #spool(later: Feeder): Feeder {
    return this.#own(new SpoolFeeder(later, this.#spillOptions()));
  }

  /** Runs a pipeline whose last segment ends in a table. */
  async #fill(program: PipelineProgram, table: SpillingTable): Promise<void> {
    const last = program.segments.at(-1);
    assert(last !== undefined, "a feed has no last segment");
    await this.run(program, this.state(last, table.table));
  }

  /** The table in which a task that writes for a shuffle combines. @param place The reduce partition of a key. */
  combining(fold: FoldSlots, place: (key: unknown) => number): SpillingTable {
    return this.#spilling({ kind: "combine" }, this.#env.budget, fold, place);
  }

  #spilling(shape: TableShape, budget: TableBudget, fold?: FoldSlots, place?: (key: unknown) => number): SpillingTable {
    const placing = place === undefined ? {} : { place };
    return new SpillingTable({
      shape,
      budget,
      fold: foldOf(fold, (slot) => this.#function(slot)),
      ...placing,
      ...this.#spillOptions(),
    });
  }

  #spillOptions(): SpillOptions {
    const { ports, classes } = this.#env;
    return {
      classes,
      pool: ports.pool,
      newSpillFile: () => ports.newSpillFile(),
      onSpill: (bytes) => {
        this.spilledBytes += bytes;
      },
    };
  }

  #input(index: number): ResolvedInput {
    const input = this.#env.task.inputs[index];
    assert(input !== undefined, `a task has no input ${index}`);
    return input;
  }

  #function<F extends AnyFunction>(slot: FnSlot): F {
    return functionIn<F>(this.#env, slot);
  }

  #count(records: number): void {
    this.recordsIn += records;
  }
}
