import type { NamedPart } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { certainParts } from "./unnamed-parts.ts";

type Of = Partial<NamedPart> & Pick<NamedPart, "name">;
const part = (of: Of): NamedPart => ({ given: true, kind: "k", label: of.name, place: 1, code: 1, ...of });
/** By its place, which its operations make, and its function. */
const unnamed = (name: string, place: number, code = 1): Of => ({ name, given: false, place, code });

describe("data that is found by the place of its operation is never another's", () => {
  const [a, b, c] = [7, 8, 9]; // places
  test.each<[string, readonly Of[], readonly Of[], readonly string[]]>([
    ["the only one, whatever was changed", [unnamed("u-0", a, 1)], [unnamed("u-0", b, 2)], ["u-0 kept"]],
    [
      "unchanged",
      [unnamed("u-0", a), unnamed("u-1", b)],
      [unnamed("u-0", a), unnamed("u-1", b)],
      ["u-0 kept", "u-1 kept"],
    ],
    [
      "two that are the same",
      [unnamed("u-0", a), unnamed("u-1", a)],
      [unnamed("u-0", a), unnamed("u-1", a)],
      ["u-0 kept", "u-1 kept"],
    ],
    [
      "code of all at different places",
      [unnamed("u-0", a, 1), unnamed("u-1", b, 2)],
      [unnamed("u-0", a, 3), unnamed("u-1", b, 4)],
      ["u-0 kept", "u-1 kept"],
    ],
    [
      "code of one of two at the same place",
      [unnamed("u-0", a, 1), unnamed("u-1", a, 2)],
      [unnamed("u-0", a, 3), unnamed("u-1", a, 2)],
      ["u-0 kept", "u-1 kept"],
    ],
    [
      "code of both at the same place",
      [unnamed("u-0", a, 1), unnamed("u-1", a, 2)],
      [unnamed("u-0", a, 3), unnamed("u-1", a, 4)],
      ["u-0 differs", "u-1 differs"],
    ],
    [
      "swapped",
      [unnamed("u-0", a), unnamed("u-1", b)],
      [unnamed("u-0", b), unnamed("u-1", a)],
      ["u-0 differs", "u-1 differs"],
    ],
    [
      "swapped functions",
      [unnamed("u-0", a, 1), unnamed("u-1", a, 2)],
      [unnamed("u-0", a, 2), unnamed("u-1", a, 1)],
      ["u-0 differs", "u-1 differs"],
    ],
    ["one before it", [unnamed("u-0", a)], [unnamed("u-0", b), unnamed("u-1", a)], ["u-0 differs", "u-1 new"]],
    [
      "one like it before it",
      [unnamed("u-0", a, 1)],
      [unnamed("u-0", a, 2), unnamed("u-1", a, 1)],
      ["u-0 differs", "u-1 new"],
    ],
    ["one after it", [unnamed("u-0", a)], [unnamed("u-0", a), unnamed("u-1", b)], ["u-0 kept", "u-1 new"]],
    [
      "the first of three gone",
      [unnamed("u-0", a), unnamed("u-1", b), unnamed("u-2", c)],
      [unnamed("u-0", b), unnamed("u-1", c)],
      ["u-0 differs", "u-1 differs"],
    ],
    [
      "the place given as a name",
      [unnamed("u-0", a)],
      [{ name: "x" }, { name: "u-0", place: c }],
      ["x new", "u-0 kept"],
    ],
    ["a name that is the place of another now", [{ name: "u-0" }], [unnamed("u-0", a)], ["u-0 differs"]],
  ])("%s", (_, before, now, expected) => {
    const certain = certainParts(before.map(part), now.map(part));
    const known = new Set(before.map(({ name }) => name));
    const found = now.map(({ name }) => `${name} ${!known.has(name) ? "new" : certain.has(name) ? "kept" : "differs"}`);
    expect(found).toEqual(expected);
  });
});
