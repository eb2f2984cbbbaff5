import { source } from "@millrace/plan";
import type { BatchScope } from "../batch-scope.ts";
import type { FileEntry } from "../engine-port.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import type { StreamNode } from "../stream-node.ts";
import { type FoundFile, rangesOf } from "./file-ranges.ts";

/** A file older than this is never new; those seen within it are remembered (features FS-3). */
const REMEMBER_MS = 60_000;

/** Which files of a directory are new in a batch. Pure: the listing comes in, the choice goes out. */
export class NewFiles {
  /** Files that were there before are not new. */
  readonly #startMs: number;
  readonly #rememberMs: number;
  /** Paths chosen before, with their time of modification: forgotten once they are too old to be new anyway. */
  readonly #seen = new Map<string, number>();

  constructor(options: { readonly startMs: number; readonly batchIntervalMs: number }) {
    this.#startMs = options.startMs;
    this.#rememberMs = Math.ceil(REMEMBER_MS / options.batchIntervalMs) * options.batchIntervalMs;
  }

  /**
   * Chooses the files of a batch and remembers them: modified up to the batch's time, not before the start nor longer ago
   * than the memory reaches, not seen yet, and not hidden.
   *
   * @returns Ordered by time of modification, then path.
   */
  choose(entries: readonly FileEntry[], batchTime: number): FileEntry[] {
    const oldest = Math.max(this.#startMs, batchTime - this.#rememberMs);
    for (const [path, modifiedMs] of this.#seen) if (modifiedMs <= oldest) this.#seen.delete(path);
    const chosen = entries.filter(
      (entry) =>
        entry.kind === "file" &&
        !isHidden(entry.path) &&
        entry.modifiedMs > oldest &&
        entry.modifiedMs <= batchTime &&
        !this.#seen.has(entry.path),
    );
    for (const { path, modifiedMs } of chosen) this.#seen.set(path, modifiedMs);
    return chosen.sort((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
  }
}

export function isHidden(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name.startsWith(".");
}

/** The lines of the files that appear in a directory: listed on the driver in each batch, read by the executors. */
export class FileStream implements StreamNode {
  readonly label: string;
  readonly parents = [];
  readonly slideMs: number;
  readonly #graph: GraphBuilder;
  readonly #directory: string;
  readonly #new: NewFiles;

  constructor(graph: GraphBuilder, directory: string) {
    const { port } = graph.context;
    this.#graph = graph;
    this.slideMs = graph.batchIntervalMs;
    this.#directory = port.files.resolve(directory);
    this.label = `textFileStream ${directory}`;
    this.#new = new NewFiles({ startMs: port.clock.now(), batchIntervalMs: graph.batchIntervalMs });
  }

  async compute(scope: BatchScope) {
    const { context } = this.#graph;
    const files = await this.#find(scope.time);
    return source("text", files.length === 0 ? [] : rangesOf(files, context.defaultParallelism), this.label);
  }

  async #find(time: number): Promise<FoundFile[]> {
    const { context } = this.#graph;
    const { files } = context.port;
    let entries: readonly FileEntry[] | undefined;
    try {
      entries = await files.list(this.#directory);
    } catch (error) {
      context.port.warn(
        `${this.label}: the directory cannot be listed, and batch ${time} reads nothing from it: ${messageOf(error)}. It is tried again in the next batch.`,
      );
      return [];
    }
    if (entries === undefined) {
      context.warnOnce(
        `${this.label}: the directory ${this.#directory} does not exist. Batches read nothing from it until it does.`,
      );
      return [];
    }
    const chosen = this.#new.choose(entries, time);
    const found = await Promise.all(chosen.map((entry) => this.#stillThere(entry, time)));
    return found.filter((file) => file !== undefined);
  }

  /** A file may go between listing and now; one that goes later still fails its task, which says so. */
  async #stillThere(entry: FileEntry, time: number): Promise<FoundFile | undefined> {
    const { port } = this.#graph.context;
    const now = await port.files.stat(entry.path).catch(() => undefined);
    if (now !== undefined && now.kind === "file") return { path: entry.path, bytes: now.bytes };
    port.warn(
      `${this.label}: the file ${entry.path} was listed for batch ${time} and has vanished since. The batch goes on without it. Move files in complete, and leave them there.`,
    );
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
