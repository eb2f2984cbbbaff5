import { decode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import type { SourceSite } from "@millrace/base";
import type { Loader, Message, TransformFailure } from "esbuild";
import * as v from "valibot";
import { jobSyntax } from "./errors.ts";

const SOURCE_MAP = v.object({ mappings: v.string() });

export type Segments = SourceMapSegment[][];

/** One of the author's files without its types, and the mapping back to the original. */
export interface StrippedSource {
  /** Absolute. */
  readonly path: string;
  /** As in messages and ids: relative to the folder of the job file, with forward slashes. */
  readonly name: string;
  readonly code: string;
  /** Offset of the first character of each line of `code`. */
  readonly lineStarts: readonly number[];
  /** For each line of `code`, sorted: [column, 0, line in the author's file, column there], counted from 0. */
  readonly segments: Segments;
}

const LOADERS: Readonly<Record<string, Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
};

/**
 * Removes types, and lowers what Node 20 does not run (decorators, `using`). Names and order are preserved.
 *
 * @throws JOB_SYNTAX
 */
export async function stripTypes(file: { path: string; name: string; text: string }): Promise<StrippedSource> {
  const { transform } = await import("esbuild");
  const extension = /\.[cm]?[jt]sx?$/.exec(file.path)?.[0] ?? ".ts";
  const stripped = await transform(file.text, {
    loader: LOADERS[extension] ?? "ts",
    target: "node20",
    charset: "utf8",
    sourcefile: file.name,
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
    tsconfigRaw: { compilerOptions: { target: "esnext", useDefineForClassFields: true } },
  }).catch((error: unknown) => {
    throw isTransformFailure(error) ? syntaxError(error.errors, file.name) : error;
  });
  const { mappings } = v.parse(SOURCE_MAP, JSON.parse(stripped.map));
  return {
    path: file.path,
    name: file.name,
    code: stripped.code,
    lineStarts: lineStartsOf(stripped.code),
    segments: decode(mappings),
  };
}

function isTransformFailure(error: unknown): error is TransformFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function syntaxError(messages: readonly Message[], name: string) {
  const first = messages[0]?.location;
  const site = first ? { file: name, line: first.line, column: columnOf(first.lineText, first.column) } : undefined;
  return jobSyntax(
    `${name} is not valid TypeScript:\n${messages.map((one) => describe(one, name)).join("\n")}\n` +
      "Correct it and start the job again.",
    site === undefined ? {} : { site },
  );
}

function describe({ text, location }: Message, name: string): string {
  if (location === null) return `  ${text}`;
  const column = columnOf(location.lineText, location.column);
  return `  ${name}:${location.line}:${column}: ${text}\n    ${location.lineText}\n    ${" ".repeat(column - 1)}^`;
}

/** esbuild counts columns in UTF-8 bytes from 0; people count characters from 1. */
export function columnOf(lineText: string, bytes: number): number {
  return Buffer.from(lineText).toString("utf8", 0, bytes).length + 1;
}

export function lineStartsOf(code: string): number[] {
  const starts = [0];
  for (let at = code.indexOf("\n"); at !== -1; at = code.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** The line, from 0, that contains an offset. */
export function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The place in the author's file of the character at `offset` of the stripped code. */
export function siteOf(source: StrippedSource, offset: number): SourceSite {
  const line = lineAt(source.lineStarts, offset);
  const found = segmentAt(source.segments, line, offset - (source.lineStarts[line] ?? 0));
  return { file: source.name, line: (found?.[0] ?? line) + 1, column: (found?.[1] ?? 0) + 1 };
}

/** The author's [line, column], from 0, of a generated position: that of the nearest segment at or before it. */
export function segmentAt(segments: Segments, line: number, column: number): [number, number] | undefined {
  const onLine = segments[line] ?? [];
  let low = -1;
  let high = onLine.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((onLine[middle]?.[0] ?? 0) <= column) low = middle;
    else high = middle - 1;
  }
  const found = onLine[low];
  return found === undefined || found.length === 1 ? undefined : [found[2], found[3]];
}
