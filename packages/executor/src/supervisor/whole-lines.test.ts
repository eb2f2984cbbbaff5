import { expect, test } from "vitest";
import { WholeLines } from "./whole-lines.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("lines come out whole, however the chunks were split, and the last one at the end", () => {
  const lines = new WholeLines(100);
  const cut = ["one\ntw", "o", "\nthree\nfo", "ur"].map((chunk) => text(lines.push(Buffer.from(chunk))));
  expect(cut).toEqual(["one\n", "", "two\nthree\n", ""]);
  expect(text(lines.rest())).toBe("four");
  expect(text(lines.rest())).toBe("");
});

test("a line longer than the limit is passed on in parts", () => {
  const lines = new WholeLines(4);
  expect(["1234", "5", "6\n78"].map((chunk) => text(lines.push(Buffer.from(chunk))))).toEqual(["", "12345", "6\n"]);
  expect(text(lines.rest())).toBe("78");
});
