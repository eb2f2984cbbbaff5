import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyClassTable } from "../class-table.ts";
import { encodeValue } from "../value/value.ts";
import { anyValue, classes, identical, Point, Refused, Row, RUNS, Tags } from "../value/values.fixture.ts";
import { fromTaggedJson, PlaceholderClasses, toTaggedJson } from "./tagged-json.ts";

const text = (value: unknown): string => JSON.stringify(toTaggedJson(value, classes));
const back = (json: string): unknown => fromTaggedJson(JSON.parse(json), classes);

describe("any record, as JSON and back,", () => {
  test("keeps its value, types and prototypes", () => {
    fc.assert(
      fc.property(anyValue, (value) => identical(back(text(value)), value)),
      { numRuns: RUNS },
    );
  });

  test("is encoded as before, without the classes of its job", () => {
    const placeholders = new PlaceholderClasses();
    const row = Object.assign(Row.from([1, 2]), { name: "r" });
    const tags = Object.assign(new Tags(["a"]), { label: "l" });
    for (const value of [new Point(1, { a: 2n }), row, tags, [new Point(3, tags)]]) {
      const json: unknown = JSON.parse(text(value));
      const again = fromTaggedJson(json, placeholders);
      expect(JSON.stringify(toTaggedJson(again, placeholders))).toBe(JSON.stringify(json));
      expect(encodeValue(again, placeholders)).toEqual(encodeValue(value, classes));
    }
  });

  test("keeps the message and the properties of an error of the job's own class", () => {
    const again = fromTaggedJson(JSON.parse(text(new Refused("no"))), new PlaceholderClasses());
    expect(again).toMatchObject({ message: "no", status: 403 });
  });

  test.each<[unknown, string]>([
    [{ a: [1, "x", null, true], b: {} }, '{"a":[1,"x",null,true],"b":{}}'],
    [undefined, '{"$undefined":true}'],
    [-0, '{"$number":"-0"}'],
    [Number.NEGATIVE_INFINITY, '{"$number":"-Infinity"}'],
    [12n, '{"$bigint":"12"}'],
    [new Date(0), '{"$date":"1970-01-01T00:00:00.000Z"}'],
    [new Date(Number.NaN), '{"$date":null}'],
    [/a"b/giu, '{"$regexp":["a\\"b","giu",0]}'],
    [new Map<unknown, unknown>([["a", new Set([1n])]]), '{"$map":[["a",{"$set":[{"$bigint":"1"}]}]]}'],
    [Uint8Array.of(1, 255), '{"$bytes":["Uint8Array","Af8="]}'],
    [Float64Array.of(1).buffer, '{"$bytes":["ArrayBuffer","AAAAAAAA8D8="]}'],
    [new Point(1, 2), '{"$class":["Point",{"x":1,"y":2}]}'],
    [{ $bigint: "1" }, '{"$object":{"$bigint":"1"}}'],
    [{ $a: 1, b: 2 }, '{"$a":1,"b":2}'],
    ["\ud800", '"\\ud800"'],
    // biome-ignore lint/suspicious/noSparseArray: that is the case
    [[1, , 3], '{"$array":{"0":1,"2":3,"length":3}}'],
  ])("is written as it is, or says what it is: $1", (value, json) => {
    expect(text(value)).toBe(json);
    expect(identical(back(json), value)).toBe(true);
  });
});

test.each([
  ['{"$bigint":7}', "$bigint: want digits in quotes, not 7"],
  ['[{"a":{"$map":[[1]]}}]', "[0].a.$map[0]: want a key and a value, not [1]"],
  ['{"$what":1}', '$what: "$what" is not known: write {"$object": …}'],
  ['{"$date":"yesterday"}', 'want a date as toISOString writes it, or null, not "yesterday"'],
  ['{"$bytes":["Float64Array","Af8="]}', "want whole elements"],
  ['{"$class":["Unknown",{}]}', 'want the id of a class, not "Unknown"'],
])("%s is refused: %s", (json, why) => {
  expect(() => fromTaggedJson(JSON.parse(json), emptyClassTable)).toThrow(why);
});
