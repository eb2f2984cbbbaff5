import type { ClassTable } from "@millrace/codec";
import type { ListedFile } from "@millrace/files";
import type { JobFunction } from "./job-function.ts";
import type { LaterSlices, Slices } from "./slices.ts";

/** The services of an executor for the operators that it runs. */
export interface OperatorPort {
  /** The job's classes, to decode values of the author. */
  readonly classes: ClassTable;
  /**
   * Passes the records of a partition to a command as lines, and returns the lines that it writes.
   *
   * @throws PIPE_FAILED (while iterating)
   */
  pipe(command: readonly string[], capture: PipeCapture): (records: Iterable<unknown>) => AsyncIterable<string>;
  /**
   * `[path, text]` of each file, one after the other, decompressed if its name ends in `.gz`.
   *
   * @throws INPUT_DAMAGED, and the errors of `readBytes`.
   */
  readText(files: Iterable<ListedFile>): Slices | LaterSlices;
  /** `[path, bytes]` of each file. @throws FILE_CHANGED, FILE_NOT_FOUND, INPUT_FILE_FAILED, RECORD_TOO_LARGE (while iterating) */
  readBytes(files: Iterable<ListedFile>): Slices | LaterSlices;
}

/** The environment of a command, and the functions that turn records into its input. */
export interface PipeCapture {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly printContext?: JobFunction<[print: (line: string) => void]> | undefined;
  readonly printRecord?: JobFunction<[record: unknown, print: (line: string) => void]> | undefined;
}
