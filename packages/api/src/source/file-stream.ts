import { engineRefWith, type NarrowOp, narrow, type SourceFormat, source } from "@millrace/plan";
import { runAuthorCode } from "../author-code.ts";
import type { BatchScope } from "../batch-scope.ts";
import type { FileEntry } from "../engine-port.ts";
import { badArgument } from "../errors.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import type { JobContext } from "../job-context.ts";
import { labelOf } from "../steps.ts";
import type { StreamNode } from "../stream-node.ts";
import { type FoundFile, rangesOf } from "./file-ranges.ts";
import { checkRecords, nameOf, resolvePath } from "./found-files.ts";
import { type Glob, matchesOf, parseGlob } from "./glob.ts";
import { isHidden, NewFiles } from "./new-files.ts";

/** Takes bytes apart into records. A socket's come in chunks of any size; of files, it is called once for each. */
export type ByteDecoder<T> = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<T> | Iterable<T>;

/** Which files `fileStream` reads, and how. */
export interface FileStreamOptions {
  /** Which files are read, by their absolute path. Asked on the driver. By default all whose name does not begin with a dot. */
  readonly filter?: ((path: string) => boolean) | undefined;
  /** Leave alone what was there when the job started. Default true. */
  readonly newFilesOnly?: boolean | undefined;
  /**
   * What makes records of a file: lines of UTF-8 by default, of a `.gz` after unzipping. A function is given the bytes as they
   * are in the file; it has to unzip them itself.
   */
  readonly format?: "text" | ByteDecoder<unknown> | undefined;
}

/** How the executors read the files of a stream. */
export interface FileReading {
  readonly format: SourceFormat;
  /** Files are cut into ranges at multiples of this only. */
  readonly unitBytes: number;
  /** What is done with the bytes. */
  readonly op?: NarrowOp;
}

/** Files of a stream are many and small: ranges of less cost more than they bring. */
const RANGE_BYTES_MIN = 1024 * 1024;

export const LINES: FileReading = { format: "text", unitBytes: 1 };

/** Each file by one call of a function of the job. @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE */
export function decoded(context: JobContext, decoder: unknown, operator: string): FileReading {
  const { site } = context.ship(decoder, `the format of ${operator}`);
  const fn = engineRefWith("decodeFile", () => [decoder], site);
  return {
    format: "bytes",
    unitBytes: Number.POSITIVE_INFINITY,
    op: { kind: "mapPartitions", fn, label: labelOf(operator, fn) },
  };
}

/** The files that appear in a directory: listed on the driver in each batch, read by the executors. */
export class FileStream implements StreamNode {
  readonly label: string;
  readonly parents = [];
  readonly slideMs: number;
  readonly #graph: GraphBuilder;
  readonly #directory: string;
  readonly #glob: Glob | undefined;
  readonly #reading: FileReading;
  readonly #new: NewFiles;
  /** What was complained about in the last batch: to be said once, and again when it comes back. */
  #complaint: "missing" | "slow" | undefined;

  /** @throws BAD_ARGUMENT, FILE_SYSTEM_UNKNOWN */
  constructor(
    graph: GraphBuilder,
    options: { readonly operator: string; readonly directory: string; readonly reading: FileReading } & Pick<
      FileStreamOptions,
      "filter" | "newFilesOnly"
    >,
  ) {
    const { operator, directory, reading, filter = isVisible, newFilesOnly = true } = options;
    const { port, conf } = graph.context;
    if (typeof filter !== "function") throw badArgument(`the filter of ${operator} must be a function of a path.`);
    this.#graph = graph;
    this.slideMs = graph.batchIntervalMs;
    this.#directory = resolvePath(graph.context, directory, operator);
    this.#glob = parseGlob(this.#directory);
    graph.addFiles(this, this.#directory, () => this.#entries());
    this.#reading = reading;
    this.label = `${operator} ${directory}`;
    this.#new = new NewFiles({
      afterMs: newFilesOnly ? port.clock.now() : 0,
      batchIntervalMs: graph.batchIntervalMs,
      rememberMs: conf["file.stream.remember"],
      accepts: filter,
    });
  }

  async compute(scope: BatchScope) {
    const { context } = this.#graph;
    const { format, unitBytes, op } = this.#reading;
    const files = await this.#find(scope.time);
    if (typeof format === "object")
      for (const file of files) checkRecords(file, format.recordBytes, "binaryRecordsStream");
    scope.reports.set(this, { numRecords: 0, metadata: { files: files.map(({ path }) => path) } });
    const cutting = { partitions: context.defaultParallelism, unitBytes, leastBytes: RANGE_BYTES_MIN };
    const ranges = files.length === 0 ? [] : rangesOf(files, cutting);
    const bytes = source(format, ranges, this.label);
    return op === undefined ? bytes : narrow(bytes, op, false);
  }

  async #find(time: number): Promise<readonly FoundFile[]> {
    const entries = await this.#list(time);
    const chosen = await runAuthorCode({ what: `the filter of ${this.label}`, outcome: "The batch fails." }, () =>
      this.#new.choose(entries, time),
    );
    const empty = chosen.filter(({ bytes }) => bytes === 0);
    if (empty.length > 0) this.#warn(emptyFiles(empty, time));
    return chosen;
  }

  async #list(time: number): Promise<readonly FileEntry[]> {
    const { clock } = this.#graph.context.port;
    const startedMs = clock.monotonicMs();
    try {
      const entries = await this.#entries();
      const tookMs = clock.monotonicMs() - startedMs;
      if (entries === undefined) this.#complain("missing", () => this.#missing());
      else if (tookMs > this.#graph.batchIntervalMs) this.#complain("slow", () => this.#slow(tookMs, time));
      else this.#complaint = undefined;
      return entries ?? [];
    } catch (error) {
      this.#warn(
        `the directory cannot be listed, and batch ${time} reads nothing from it: ${messageOf(error)}. It is tried again in the next batch.`,
      );
      return [];
    }
  }

  /** What is in the directory, or in each one that matches; `undefined`: there is none. */
  async #entries(): Promise<readonly FileEntry[] | undefined> {
    const { files } = this.#graph.context.port;
    if (this.#glob === undefined) return files.list(this.#directory);
    const directories = await matchesOf(this.#glob, async (directory) => {
      const entries = (await files.list(directory)) ?? [];
      return entries.filter(({ kind }) => kind === "directory").map(nameOf);
    });
    const lists = await Promise.all(directories.map((directory) => files.list(directory)));
    const there = lists.filter((list) => list !== undefined);
    return there.length === 0 ? undefined : there.flat();
  }

  #missing(): string {
    return this.#glob === undefined
      ? `the directory ${this.#directory} does not exist. Batches read nothing from it until it does.`
      : `no directory matches ${this.#directory}. Batches read nothing until one does.`;
  }

  #slow(tookMs: number, time: number): string {
    return (
      `listing ${this.#directory} for batch ${time} took ${Math.round(tookMs)} ms, longer than the batch interval of ${this.#graph.batchIntervalMs} ms. ` +
      "The job falls behind. Take files out of the directory once they are read, or make the interval longer."
    );
  }

  #complain(complaint: "missing" | "slow", text: () => string): void {
    if (this.#complaint !== complaint) this.#warn(text());
    this.#complaint = complaint;
  }

  #warn(text: string): void {
    this.#graph.context.port.warn(`${this.label}: ${text}`);
  }
}

function isVisible(path: string): boolean {
  return !isHidden(path);
}

function emptyFiles(files: readonly FoundFile[], time: number): string {
  const shown = files.slice(0, 5).map(({ path }) => path);
  const more = files.length > shown.length ? ` and ${files.length - shown.length} more` : "";
  return (
    `batch ${time} found files without a byte: ${shown.join(", ")}${more}. What is written to them later is not read. ` +
    "Write files elsewhere on the same file system and move them in complete."
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
