import { encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { lineAt, type Segments, type StrippedSource, segmentAt } from "../stripped-source.ts";

/** A change to the stripped code: `text` replaces [at, end). With `end === at` it is an insertion. */
export interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
  /** Order of edits at the same place: closing an expression, then statements, then opening one. */
  readonly rank: "close" | "statement" | "open";
  /** Nesting depth of the function: at one place the outermost opens first and closes last. */
  readonly depth: number;
}

const RANKS = { close: 0, statement: 1, open: 2 } as const;

export function sortEdits(edits: Edit[]): Edit[] {
  return edits.sort((a, b) => {
    if (a.at !== b.at) return a.at - b.at;
    if (a.rank !== b.rank) return RANKS[a.rank] - RANKS[b.rank];
    return a.rank === "close" ? b.depth - a.depth : a.depth - b.depth;
  });
}

/** Generated code with its map to the author's file. */
export interface Emitted {
  readonly code: string;
  readonly segments: Segments;
}

/**
 * Assembles code from pieces of stripped source, each as often as needed, and text of its own, and maintains the map: a
 * function copied into a factory still maps to where its author wrote it.
 */
export class Emitter {
  readonly #source: StrippedSource;
  readonly #parts: string[] = [];
  readonly #lines: SourceMapSegment[][] = [[]];
  #column = 0;

  constructor(source: StrippedSource) {
    this.#source = source;
  }

  /** Generated text, without a place in the author's file. */
  text(text: string): void {
    this.#parts.push(text);
    let from = 0;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
      this.#newLine();
      from = at + 1;
    }
    this.#column += text.length - from;
  }

  /** The source between two offsets with the edits inside; edits must be sorted. */
  range(start: number, end: number, edits: readonly Edit[]): void {
    let from = start;
    for (const edit of edits) {
      if (edit.at < from || edit.end > end) continue;
      this.#slice(from, edit.at);
      this.text(edit.text);
      from = edit.end;
    }
    this.#slice(from, end);
  }

  finish(): Emitted {
    return { code: this.#parts.join(""), segments: this.#lines };
  }

  #slice(start: number, end: number): void {
    const { lineStarts, code } = this.#source;
    let from = start;
    for (let line = lineAt(lineStarts, start); from < end; line++) {
      const lineStart = lineStarts[line] ?? 0;
      const lineEnd = lineStarts[line + 1] ?? code.length + 1;
      const to = Math.min(end, lineEnd);
      this.#map(line, from - lineStart, to - lineStart);
      this.#parts.push(code.slice(from, to));
      if (to === lineEnd) this.#newLine();
      else this.#column += to - from;
      from = to;
    }
  }

  #map(line: number, fromColumn: number, toColumn: number): void {
    const out = this.#lines[this.#lines.length - 1] ?? [];
    const first = segmentAt(this.#source.segments, line, fromColumn);
    if (first) out.push([this.#column, 0, first[0], first[1]]);
    for (const segment of this.#source.segments[line] ?? []) {
      if (segment.length === 1 || segment[0] <= fromColumn) continue;
      if (segment[0] >= toColumn) break;
      out.push([this.#column + segment[0] - fromColumn, 0, segment[2], segment[3]]);
    }
  }

  #newLine(): void {
    this.#lines.push([]);
    this.#column = 0;
  }
}

/** Code with its map as the comment that esbuild composes with its own. */
export function withInlineMap(emitted: Emitted, source: string): string {
  const map = { version: 3, sources: [source], names: [], mappings: encode(emitted.segments) };
  const data = Buffer.from(JSON.stringify(map)).toString("base64");
  return `${emitted.code}\n//# sourceMappingURL=data:application/json;base64,${data}`;
}
