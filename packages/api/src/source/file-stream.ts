import { assert, clauseOf, thrownMessage } from "@millrace/base";
import { entriesOf, type FileEntry, type FileSystem, type Location } from "@millrace/files";
import { operators } from "@millrace/operators";
import {
  type FileFormat,
  type FilesInput,
  type FixedInput,
  type FoundFile,
  type InputMemory,
  type Lineage,
  type NarrowOp,
  narrow,
  type SourceNode,
  source,
} from "@millrace/plan";
import { badArgument } from "../errors.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { placeOutside } from "../graph/outside.ts";
import type { BadFile, FixedBefore, NodeBatch, Rereadable } from "../graph/stream-node.ts";
import { runAuthorCode } from "../job/author-code.ts";
import type { JobContext } from "../job/job-context.ts";
import { labelOf } from "../operations/steps.ts";
import {
  directoryMissing,
  directoryUnlistable,
  filesEmpty,
  filesGivenUp,
  filesLeftAlone,
  filesReadAgain,
  filesVanished,
  listingSlow,
  type MakeWarning,
} from "../warnings.ts";
import { ClockLead, type Reading } from "./clock-lead.ts";
import { DirectoryCondition, noDirectory } from "./directory-condition.ts";
import { rangesOf } from "./file-ranges.ts";
import { IgnoredFiles, Names, WarningBudget } from "./file-warnings.ts";
import { checkRecords, resolvePath } from "./found-files.ts";
import { type Glob, matchesOf, parseGlob } from "./glob.ts";
import { PolledInputNode } from "./input-node.ts";
import { isHidden, NewFiles } from "./new-files.ts";

/** Decodes bytes to records. A socket's bytes come in chunks of any size; for files, it is called once for each. */
export type ByteDecoder<T> = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<T> | Iterable<T>;

/** A predicate that selects files by their absolute path. */
export type PathFilter = (path: string) => boolean;

/** Options of `fileStream`. */
export interface FileStreamOptions {
  /**
   * Selects the files to read. Called on the driver. By default, all files whose name does not begin with a dot.
   */
  readonly filter?: PathFilter | undefined;
  /** Ignore files that existed when the job started. Default true. */
  readonly newFilesOnly?: boolean | undefined;
  /**
   * The format of the files: lines of UTF-8 by default, with `.gz` files decompressed. A function receives the bytes of a
   * file unchanged, and must decompress them itself.
   */
  readonly format?: "text" | ByteDecoder<unknown> | undefined;
}

/** The way in which executors read the files of a stream. */
export interface FileReading {
  readonly format: FileFormat;
  /** Files are split into ranges only at multiples of this. */
  readonly unitBytes: number;
  /** The operator that processes the bytes; none for lines of text. */
  readonly op?: NarrowOp;
}

/** Files of a stream are many and small: smaller ranges cost more than they gain. */
const RANGE_BYTES_MIN = 1024 * 1024;

export const LINES: FileReading = { format: "text", unitBytes: 1 };

/** @throws BAD_ARGUMENT */
export function checkFilter(filter: PathFilter, operator: string): PathFilter {
  if (typeof filter === "function") return filter;
  throw badArgument(`the filter of ${operator} must be a function of a path.`);
}

/** Each file with one call of a function of the job. @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE */
export function decoded(context: JobContext, decoder: ByteDecoder<unknown>, operator: string): FileReading {
  const { site } = context.ship(decoder, `the format of ${operator}`);
  const fn = operators.decodeFile.ref(() => [decoder], site);
  return {
    format: "bytes",
    unitBytes: Number.POSITIVE_INFINITY,
    op: { kind: "mapPartitions", fn, label: labelOf(operator, fn) },
  };
}

/** The code of the error, which is declared where files are read. */
const FILE_CHANGED = "FILE_CHANGED";
/** The maximum number of reports of empty files in {@link EMPTY_PER_MS}. */
const EMPTY_MOST = 5;
const EMPTY_PER_MS = 10 * 60 * 1000;
/** Names of lost files in one warning. */
const LOST_NAMES_MAX = 20;

/** The files that appear in a directory: listed on the driver in each batch, read by the executors. */
export class FileStream extends PolledInputNode {
  readonly kind = "files";
  readonly label: string;
  readonly rereadable: Rereadable = {
    reads: (time, path) => this.#last?.time === time && this.#last.files.some((file) => file.path === path),
    giveBack: (time, bad) => this.#giveBack(time, bad),
    giveUp: (time, bad) => this.#giveUp(time, bad),
    left: () => ({ kind: "files", files: this.#last?.left ?? [] }),
  };
  readonly #files: FileSystem;
  readonly #directory: Location;
  readonly #glob: Glob | undefined;
  readonly #reading: FileReading;
  readonly #new: NewFiles;
  readonly #lead: ClockLead;
  readonly #ignored: IgnoredFiles;
  readonly #emptyBudget = new WarningBudget(EMPTY_MOST, EMPTY_PER_MS);
  readonly #condition = new DirectoryCondition();
  /** When the job was built: its first batch may have to wait for executors. */
  readonly #builtMs: number;
  /** Files are new whatever their age: the first run up to what is there takes all of it. */
  #takesAll: boolean;
  /** The batch that ran last. */
  #last:
    | {
        readonly time: number;
        readonly files: readonly FoundFile[];
        readonly source: SourceNode;
        /** Those of the files that later batches read when they look back. */
        left: readonly FoundFile[];
      }
    | undefined;

  /** @throws BAD_ARGUMENT, FILE_SYSTEM_UNKNOWN */
  constructor(
    graph: GraphBuilder,
    options: {
      readonly operator: string;
      readonly directory: string;
      readonly reading: FileReading;
      readonly filter: PathFilter;
      readonly newFilesOnly: boolean;
    },
  ) {
    super(graph);
    const { operator, directory, reading, filter, newFilesOnly } = options;
    const { port, conf } = graph.context;
    this.#directory = resolvePath(graph.context, directory, operator);
    this.#files = port.files.for(this.#directory);
    this.#glob = parseGlob(this.#directory);
    graph.context.addOutside(placeOutside(port, { path: this.#directory, use: "source" }));
    graph.addFiles(this, this.#directory, () => this.#entries());
    this.#takesAll = graph.availableNow;
    const onlyNew = newFilesOnly && !this.#takesAll;
    if (onlyNew) graph.addLife({ begin: () => this.#begin() });
    this.#reading = reading;
    this.#builtMs = port.clock.now();
    this.#lead = new ClockLead(this.#clocks());
    this.label = `${operator} ${directory}`;
    const rememberMs = conf["file.stream.remember"];
    this.#ignored = new IgnoredFiles(rememberMs);
    this.#new = new NewFiles({
      afterMs: onlyNew ? this.#builtMs : Number.NEGATIVE_INFINITY,
      batchIntervalMs: graph.batchIntervalMs,
      rememberMs,
      appearsLate: this.#files.appearsLate,
      accepts: filter,
    });
  }

  async fix({ time, history }: NodeBatch): Promise<FilesInput> {
    const files = await this.#find(time, this.#dueMs(history));
    return { kind: "files", files: files.map(({ path, bytes, version }) => ({ path, bytes, version })) };
  }

  memory(): InputMemory {
    return this.#new.memory();
  }

  recall(memory: InputMemory | undefined, since: readonly FixedBefore[]): void {
    if (memory?.kind !== "files") return; // a stream that is new
    this.#takesAll = false;
    const files = since.flatMap(({ time, fixed }) => (fixed.kind === "files" ? [{ time, files: fixed.files }] : []));
    this.#new.recall(memory, files);
  }

  protected lineageOf(fixed: FixedInput, { time }: NodeBatch): Lineage {
    assert(fixed.kind === "files", `${this.label} reads files`);
    const { files } = fixed;
    const { context } = this.graph;
    const { format, unitBytes, op } = this.#reading;
    const cutting = { partitions: context.defaultParallelism, unitBytes, leastBytes: RANGE_BYTES_MIN };
    const ranges = files.length === 0 ? [] : rangesOf(files, cutting);
    const bytes = source(format, ranges, this.label);
    this.#last = { time, files, source: bytes, left: files };
    if (typeof format === "object")
      for (const file of files) checkRecords(file, format.recordBytes, "binaryRecordsStream");
    return op === undefined ? bytes : narrow(bytes, op, false);
  }

  async #begin(): Promise<void> {
    // A directory that cannot be listed is reported in the first batch.
    const entries = await this.#entries().catch(() => undefined);
    if (entries !== undefined) this.#new.begin(entries);
  }

  /** When the batch after the last one was due. Before the first one, files may have come since the job was built. */
  #dueMs({ lastBatch, zeroTime }: NodeBatch["history"]): number {
    if (this.#takesAll) return Number.NEGATIVE_INFINITY;
    const dueMs = lastBatch + this.slideMs;
    return lastBatch === zeroTime ? Math.min(this.#builtMs, dueMs) : dueMs;
  }

  async #find(time: number, dueMs: number): Promise<readonly FoundFile[]> {
    const entries = await this.#list(time);
    const clocks = this.#clocks();
    const nowMs = clocks.wallMs;
    const leadMs = this.#lead.look(clocks, time);
    const choice = await runAuthorCode({ what: `the filter of ${this.label}`, outcome: "The batch fails." }, () =>
      this.#new.choose(entries, time, nowMs, { leadMs, dueMs }),
    );
    const { files, gone, ignored } = choice;
    for (const { why, text } of this.#ignored.add(ignored, nowMs))
      this.#warn(filesLeftAlone, text, `batch ${time}, ${why}`);
    if (gone.length > 0) this.#warn(filesVanished, goneFiles(gone), `batch ${time}`);
    const empty = files.filter(({ bytes }) => bytes === 0).map(({ path }) => path);
    if (empty.length > 0) this.#warnOfEmpty(empty, time, nowMs);
    return files;
  }

  #clocks(): Reading {
    const { clock } = this.graph.context.port;
    return { wallMs: clock.now(), monotonicMs: clock.monotonicMs() };
  }

  /** `undefined`: it cannot be listed. */
  async #list(time: number): Promise<readonly FileEntry[] | undefined> {
    const { clock } = this.graph.context.port;
    const startedMs = clock.monotonicMs();
    try {
      const entries = await this.#entries();
      const tookMs = clock.monotonicMs() - startedMs;
      const missing = entries === undefined ? await this.#missingText() : undefined;
      if (missing !== undefined) this.#look(directoryMissing, missing);
      else if (tookMs > this.graph.batchIntervalMs) this.#look(listingSlow, this.#slowText(tookMs, time));
      else this.#look(undefined, "the directory is there and is listed in time.");
      return entries ?? [];
    } catch (error) {
      const why = clauseOf(thrownMessage(error));
      const text = `the directory cannot be listed: ${why}. Batch ${time} reads nothing from it, and each batch tries again.`;
      this.#look(directoryUnlistable, text);
      return undefined;
    }
  }

  /** Records the result of a listing: the condition of the directory, if it failed. */
  #look(kind: MakeWarning | undefined, text: string): void {
    const { port } = this.graph.context;
    const subject = this.label;
    const message = `${subject}: ${text}`;
    const news = this.#condition.look(kind?.(subject, message), port.clock.now());
    if (news === "over") port.warningOver({ subject, message });
    else if (news !== undefined) port.warn(news);
  }

  /** The content of the directory, or of each one that matches; `undefined` if there is none. */
  async #entries(): Promise<readonly FileEntry[] | undefined> {
    if (this.#glob === undefined) return entriesOf(this.#files, this.#directory);
    const directories = await matchesOf(this.#glob, async (directory) => {
      const entries = (await entriesOf(this.#files, directory)) ?? [];
      return entries.filter(({ kind }) => kind === "directory").map(({ name }) => name);
    });
    const lists = await Promise.all(directories.map((directory) => entriesOf(this.#files, directory)));
    const there = lists.filter((list) => list !== undefined);
    return there.length === 0 ? undefined : there.flat();
  }

  #giveBack(time: number, bad: readonly BadFile[]): number {
    const last = this.#last;
    if (last === undefined || last.time !== time) return 0;
    // A changed file may be complete now.
    const unreadable = bad.filter(({ code }) => code !== FILE_CHANGED).map(({ path }) => path);
    const { again, lost } = this.#new.giveBack(time, new Set(unreadable));
    last.source.inputs = [];
    last.left = [];
    if (again.length > 0) {
      this.#warn(
        filesReadAgain,
        `batch ${time} failed because of ${filesAt(bad)} before anything of this stream was output. The next batch rereads: ${Names.of(again)}.`,
      );
    }
    if (lost.length > 0) this.#warn(filesGivenUp, lostFiles(lost, time, bad), `batch ${time}`);
    return again.length;
  }

  #giveUp(time: number, bad: readonly BadFile[]): void {
    const last = this.#last;
    if (last === undefined || last.time !== time || last.files.length === 0) return;
    const { inputs = [] } = last.source;
    const isBad = (file: { readonly path: Location }): boolean => bad.some(({ path }) => path === file.path);
    last.source.inputs = inputs.filter((input) => input.kind !== "file" || !isBad(input));
    last.left = last.files.filter((file) => !isBad(file));
    const paths = last.files.map(({ path }) => path);
    this.#warn(filesGivenUp, lostFiles(paths, time, bad), `batch ${time}`);
  }

  /** Why there is no listing; `undefined` if a directory has been created since. */
  async #missingText(): Promise<string | undefined> {
    const at = this.#directory;
    if (this.#glob !== undefined) return `no directory matches ${at}. Batches read nothing until one does.`;
    return noDirectory(at, await this.#files.stat(at));
  }

  #slowText(tookMs: number, time: number): string {
    return (
      `listing ${this.#directory} for batch ${time} took ${Math.round(tookMs)} ms, longer than the batch interval of ${this.graph.batchIntervalMs} ms. ` +
      "The job falls behind. Take files out of the directory once they are read, or make the interval longer."
    );
  }

  #warnOfEmpty(paths: readonly string[], time: number, nowMs: number): void {
    const held = this.#emptyBudget.take(nowMs);
    if (held === undefined) return;
    const text = emptyFiles(paths, time);
    const message = held === 0 ? text : `${text} It happened in ${held} more batches since this was last reported.`;
    this.#warn(filesEmpty, message, `batch ${time}`);
  }

  /**
   * @param which Keeps warnings about different files from counting as repetitions, which are eventually not reported.
   */
  #warn(kind: MakeWarning, text: string, which?: string): void {
    const subject = which === undefined ? this.label : `${this.label}, ${which}`;
    this.graph.context.port.warn(kind(subject, `${this.label}: ${text}`));
  }
}

export function isVisible(path: string): boolean {
  return !isHidden(path);
}

function emptyFiles(paths: readonly string[], time: number): string {
  return (
    `batch ${time} found empty files: ${Names.of(paths)}. What is written to them later is not read. ` +
    "Write files elsewhere on the same file system and move them in complete."
  );
}

function goneFiles(paths: readonly string[]): string {
  return (
    `files of a failed batch were to be reread and have vanished: ${Names.of(paths)}. Their content is lost. ` +
    "Leave files in place until the batch that reads them is done."
  );
}

function filesAt(bad: readonly BadFile[]): string {
  const names = new Set(bad.map(({ path, code }) => `${path} (${code})`));
  return `${names.size === 1 ? "the file" : "the files"} ${Names.of([...names])}`;
}

function lostFiles(paths: readonly string[], time: number, bad: readonly BadFile[]): string {
  return (
    `batch ${time} failed because of ${filesAt(bad)}, and its files are not reread: ${Names.of(paths, LOST_NAMES_MAX)}. ` +
    "Their part of the output is missing. Put them in again under other names once the cause is fixed."
  );
}
