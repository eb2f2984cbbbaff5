import { describe, expect, test } from "vitest";
import { lineStartsOf, type Segments, type StrippedSource, siteOf } from "../stripped-source.ts";
import { type Edit, Emitter, sortEdits } from "./emitter.ts";

/** A source in which every second character is mapped to the same place ten lines further down in the author's file. */
function source(code: string): StrippedSource {
  const segments: Segments = code
    .split("\n")
    .map((text, line) => [...text].flatMap((_, column) => (column % 2 === 0 ? [[column, 0, line + 10, column]] : [])));
  return { path: "/j.ts", name: "j.ts", code, lineStarts: lineStartsOf(code), segments };
}

function edit(at: number, text: string, more: Partial<Edit> = {}): Edit {
  return { at, end: at, text, rank: "statement", depth: 0, ...more };
}

/** For each character of the output, the author's character, or "-" where the map has different text. */
function emit(from: StrippedSource, ranges: readonly (readonly [number, number])[], edits: Edit[] = []) {
  const emitter = new Emitter(from);
  for (const [start, end] of ranges) emitter.range(start, end, sortEdits(edits));
  return emitter.finish();
}

describe("emitted code", () => {
  test("is the source when nothing is changed, map included", () => {
    const from = source("abc\n\ndefg\n");
    const { code, segments } = emit(from, [[0, from.code.length]]);
    expect(code).toBe(from.code);
    expect(segments).toEqual(from.segments);
  });

  test("has a place for what follows an insertion", () => {
    const { code, segments } = emit(source("abcdef"), [[0, 6]], [edit(3, "XX")]);
    expect(code).toBe("abcXXdef");
    // d has no mapping of its own: that of c is the nearest before it.
    expect(segments[0]).toEqual([
      [0, 0, 10, 0],
      [2, 0, 10, 2],
      [5, 0, 10, 2],
      [6, 0, 10, 4],
    ]);
  });

  test("keeps places in copies, across lines and replacements", () => {
    const from = source("ab\ncdef\ng");
    const { code, segments } = emit(
      from,
      [
        [0, 9],
        [3, 7],
      ],
      [edit(5, "Q\nQ", { end: 6 })],
    );
    expect(code).toBe("ab\ncdQ\nQf\ngcdQ\nQf");
    expect(segments.map((line) => line.map((one) => one.slice(0, 4)))).toEqual([
      [[0, 0, 10, 0]],
      [[0, 0, 11, 0]],
      [[1, 0, 11, 2]],
      [
        [0, 0, 12, 0],
        [1, 0, 11, 0],
      ],
      [[1, 0, 11, 2]],
    ]);
  });

  test("puts edits at one place in the order in which code nests", () => {
    const { code } = emit(
      source("ab"),
      [[0, 2]],
      [
        edit(1, "(2", { rank: "open", depth: 2 }),
        edit(1, "1)", { rank: "close", depth: 1 }),
        edit(1, ";"),
        edit(1, "(1", { rank: "open", depth: 1 }),
        edit(1, "2)", { rank: "close", depth: 2 }),
      ],
    );
    expect(code).toBe("a2)1);(1(2b");
  });
});

test("a site counts lines and columns from 1", () => {
  expect(siteOf(source("ab\ncdef"), 5)).toEqual({ file: "j.ts", line: 12, column: 3 });
});
