import { equal, match, ok } from "node:assert/strict";
import { EngineError } from "@millrace/base";
import type { FileSystem, Location } from "@millrace/files";

/** A file system under test, for one case. */
export interface FileSystemPlace {
  /** The file system under test. */
  readonly files: FileSystem;
  /** Empty, and used by this case alone. */
  readonly directory: Location;
  /** Called when the case is over, however it ended. */
  close?(): Promise<void>;
}

/** One thing that an implementation must do. */
export interface ContractCase {
  /** The requirement, as a sentence for a report. */
  readonly title: string;
  /** Rejects with an `AssertionError` when it does not, or with what it threw. */
  run(): Promise<void>;
}

/** Holds that something rejects with an error of the engine that names the place. */
export async function fails(code: string, deed: Promise<unknown>, place: string): Promise<void> {
  const error: unknown = await deed.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  ok(error instanceof EngineError, `expected ${code} and got ${String(error)}`);
  equal(error.code, code);
  match(error.message, new RegExp(place.replaceAll(".", "\\.")));
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Also of memory that threads share, which a decoder does not take. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(new Uint8Array(bytes));
