import { type ListedFile, locationFrom } from "@millrace/files";
import type { JobFunction } from "../job-function.ts";
import { type Operator, operator, operatorOn } from "../operator.ts";
import type { PipeCapture } from "../operator-port.ts";

// Operators that create the records of sources, and those that use files and processes.

/** Passes the chunks of a file to a decoder of the job, which expects them asynchronously. */
export const decodeFile: Operator<[decode: JobFunction<[bytes: AsyncIterable<Uint8Array>]>]> = operator(
  "decodeFile",
  (decode) => (pieces: Iterable<Uint8Array>) => decode(later(pieces)),
);
/** Reads ranges of a source of the job, or of a package. */
export const readExternal: Operator<[read: JobFunction<[range: unknown, options: unknown]>, options: unknown]> =
  operator("readExternal", (read, options) => (range: unknown) => read(range, options));
/** Opens a writer of a sink of the job, or of a package, for an attempt of a batch. */
export const openExternal: Operator<
  [open: JobFunction<[task: unknown, options: unknown]>, options: unknown, batch: object]
> = operator("openExternal", (open, options, batch) => (task: object) => open({ ...batch, ...task }, options));
/** The numbers of a slice of a range. */
export const numbers: Operator<[]> = operator("numbers", () => numbersOf);
/** Records of `rateStream` from one number up to another; see there. */
export const rateRecords: Operator<[]> = operator("rateRecords", () => rateRecordsOf);

/** `[path, text]` of each file. */
export const readText: Operator<[]> = operatorOn(
  "readText",
  (port) => (files: Iterable<PathAndVersion>) => port.readText(listed(files)),
);
/** `[path, bytes]` of each file. */
export const readBytes: Operator<[]> = operatorOn(
  "readBytes",
  (port) => (files: Iterable<PathAndVersion>) => port.readBytes(listed(files)),
);
export const pipe: Operator<[command: readonly string[], capture: PipeCapture]> = operatorOn(
  "pipe",
  (port, command, capture) => port.pipe(command, capture),
);

type PathAndVersion = readonly [path: string, version: string];

function* listed(files: Iterable<PathAndVersion>): Generator<ListedFile, void, undefined> {
  for (const [path, version] of files) yield { path: locationFrom(path), version };
}

async function* later<T>(values: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* values;
}

function* rateRecordsOf([from, to, perSecond, zeroMs]: readonly [number, number, number, number]) {
  for (let value = from; value < to; value += 1) {
    const second = Math.floor(value / perSecond);
    const timestamp = zeroMs + second * 1000 + Math.floor(((value - second * perSecond) * 1000) / perSecond);
    yield { value, timestamp };
  }
}

function* numbersOf([from, step, count]: readonly [number, number, number]): Generator<number, void, undefined> {
  for (let i = 0; i < count; i += 1) yield from + i * step;
}
