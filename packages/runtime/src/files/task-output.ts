import { afterStep, beforeStep, clauseOf, EngineError, thrownMessage } from "@millrace/base";
import {
  type BlockingFiles,
  type BlockingWriter,
  type FileSystem,
  type FileSystems,
  fileNotFound,
  type Location,
  type WrittenContent,
} from "@millrace/files";
import { BlockBuilder, type BlockPool, freeSlices, readHandle, type SpillFile } from "@millrace/storage";
import { outputFileFailed } from "../errors.ts";

/** A file that a task is writing. Its methods throw OUTPUT_FILE_FAILED. */
export interface TaskOutput {
  /** Synchronous, since loops over records call it. The memory of `bytes` may be reused when it returns. */
  write(bytes: Uint8Array): void;
  /** Completes the file: when this is done, the file system has all of its content. */
  close(): WrittenContent | Promise<WrittenContent>;
  /** Removes the file. */
  abandon(): void;
}

/** Storage for data that cannot be sent to its file system at once. */
export interface Waiting {
  readonly pool: BlockPool;
  readonly newSpillFile: () => SpillFile;
}

/**
 * Creates a file in an existing directory. The one place that decides whether a task writes with blocking calls, if the
 * file system has them, or collects in memory and on local disk what is sent at the end.
 */
export function openOutput(files: FileSystems, file: Location, waiting: Waiting): TaskOutput {
  const system = files.for(file);
  return system.blocking === undefined
    ? new CollectedOutput(system, file, waiting)
    : new BlockingOutput(system.blocking, file);
}

class BlockingOutput implements TaskOutput {
  readonly #path: Location;
  readonly #file: BlockingWriter;

  constructor(files: BlockingFiles, path: Location) {
    this.#path = path;
    // The driver has created the directory, and removes it if the save fails: a late task must not recreate it.
    this.#file = this.#attempt(() => {
      beforeStep("staging", path);
      return files.create(path);
    });
  }

  write(bytes: Uint8Array): void {
    this.#attempt(() => this.#file.write(bytes));
  }

  close(): WrittenContent {
    const written = this.#attempt(() => this.#file.close());
    afterStep("staging", this.#path);
    return written;
  }

  abandon(): void {
    this.#file.abandon();
  }

  #attempt<T>(deed: () => T): T {
    try {
      return deed();
    } catch (error) {
      throw failedToWrite(this.#path, error);
    }
  }
}

class CollectedOutput implements TaskOutput {
  readonly #files: FileSystem;
  readonly #path: Location;
  readonly #pool: BlockPool;
  readonly #spill: SpillFile;
  readonly #builder: BlockBuilder;

  constructor(files: FileSystem, path: Location, { pool, newSpillFile }: Waiting) {
    this.#files = files;
    this.#path = path;
    this.#pool = pool;
    this.#spill = newSpillFile();
    this.#builder = new BlockBuilder(pool, this.#spill);
  }

  write(bytes: Uint8Array): void {
    this.#builder.append(bytes);
  }

  async close(): Promise<WrittenContent> {
    const block = this.#builder.finish();
    try {
      beforeStep("staging", this.#path);
      const writer = await this.#files.create(this.#path);
      try {
        for (const piece of readHandle(block, this.#pool)) await writer.write(piece);
        const written = await writer.close();
        afterStep("staging", this.#path);
        return written;
      } catch (error) {
        await writer.abandon().catch(() => {}); // the first error is the one to report
        throw error;
      }
    } catch (error) {
      throw failedToWrite(this.#path, error);
    } finally {
      freeSlices(block, this.#pool);
      this.#spill.discard();
    }
  }

  abandon(): void {
    this.#builder.discard();
    this.#spill.discard();
  }
}

function failedToWrite(path: Location, error: unknown): EngineError {
  const gone = error instanceof EngineError && error.code === fileNotFound.code;
  const remedy = gone
    ? "The driver creates this directory first: output has to be on storage that the driver and all executors share."
    : "Check the directory's permissions and the free disk space on this executor.";
  return outputFileFailed(
    `the output file ${path} could not be written: ${clauseOf(thrownMessage(error))}. ${remedy}`,
    {
      cause: error,
      fields: { path },
    },
  );
}
