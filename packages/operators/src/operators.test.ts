import { emptyClassTable, encodeValue } from "@millrace/codec";
import { describe, expect, expectTypeOf, test } from "vitest";
import { type Operator, operator } from "./operator.ts";
import type { OperatorPort } from "./operator-port.ts";
import { operatorOf } from "./operator-table.ts";
import * as operators from "./operators.ts";
import { Slices } from "./slices.ts";

const port: OperatorPort = {
  classes: emptyClassTable,
  pipe: (command) => (records) => lines([...command, ...records]),
  readText: (files) => new Slices([Array.from(files, ({ path, version }) => [path, `text of ${path} ${version}`])]),
  readBytes: (files) => new Slices([Array.from(files, ({ path }) => [path, new Uint8Array(3)])]),
};

async function* lines(of: readonly unknown[]) {
  for (const one of of) yield String(one);
}

/** The function of an operator, called with records and values. */
function call<Captures extends readonly unknown[]>(operator: Operator<Captures>, captures: Captures) {
  return operator.make(port, captures) as (...args: unknown[]) => unknown; // each test supplies what its operator takes
}

describe("an operator", () => {
  test("is found by its id, which is its name: templates are named by it", () => {
    const all = Object.entries(operators);
    expect(all.length).toBeGreaterThan(40);
    for (const [name, operator] of all) {
      expect(operator.id).toBe(`millrace:${name}`);
      expect(operatorOf(operator.id)).toBe(operator);
    }
    expect(operatorOf("millrace:none")).toBeUndefined();
    expect(operatorOf("add")).toBeUndefined();
  });

  test("that captures nothing has one reference", () => {
    expect(operators.add.ref()).toBe(operators.add.ref());
    expect(operators.add.ref()).toEqual({ id: "millrace:add", captures: undefined, names: [], site: undefined });
  });

  test("reads its captures anew each time, and knows the author's line", () => {
    const site = { file: "job.ts", line: 3, column: 7 };
    let most = 1;
    const ref = operators.sampleKeys.ref(() => [most, 9], site);
    most = 2;
    expect(ref).toMatchObject({ id: "millrace:sampleKeys", names: ["sampleKeys"], site });
    expect(ref.captures?.()).toEqual([2, 9]);
  });
});

test("captures of another number or type than the factory takes do not compile", () => {
  const { add, foldFirst, keyBy, pipe, sample, takeOrdered } = operators;
  const length = (word: string): number => word.length;
  const sum = (total: number, word: string): number => total + word.length;
  // Functions of the job take records of their own types.
  keyBy.ref(() => [length]);
  foldFirst.ref(() => [new Uint8Array(), sum]);
  takeOrdered.ref(() => [3, true, (a: string, b: string) => length(a) - length(b)]);
  pipe.ref(() => [["wc"], { printRecord: (word: string, print) => print(word) }]);
  // @ts-expect-error: it captures nothing
  add.ref(() => [1]);
  // @ts-expect-error: it captures something
  keyBy.ref();
  // @ts-expect-error: a text is no function
  keyBy.ref(() => ["length"]);
  // @ts-expect-error: a key has one record
  keyBy.ref(() => [sum]);
  // @ts-expect-error: the zero comes first
  foldFirst.ref(() => [sum, new Uint8Array()]);
  // @ts-expect-error: the zero is encoded
  foldFirst.ref(() => [0, sum]);
  // @ts-expect-error: the seed is missing
  sample.ref(() => [0, 0.5]);
  // @ts-expect-error: one too many
  sample.ref(() => [0, 0.5, 9, true]);
  // @ts-expect-error: the command is a list of words
  pipe.ref(() => ["wc", {}]);
  // @ts-expect-error: what it prints is a text
  pipe.ref(() => [["wc"], { printRecord: (_: string, print) => print(3) }]);
});

test("an inline that does not fit the type of its function does not compile", () => {
  const swap = (record: unknown): [unknown, unknown] => [record, record];
  const mark = (record: unknown): [unknown, null] => [record, null];
  operator("swap", () => swap, { kind: "pair", key: "record", value: "record" });
  // @ts-expect-error: the value is null
  operator("mark", () => mark, { kind: "pair", key: "record", value: 1 });
  // @ts-expect-error: the value is null
  operator("mark", () => mark, { kind: "pair", key: "record", value: "record" });
  // @ts-expect-error: the function has no property `key`
  operator("swap", () => swap, { kind: "pair", key: "key", value: "record" });
  // @ts-expect-error: it adds nothing
  operator("swap", () => swap, { kind: "sum" });
  // @ts-expect-error: it makes no pair
  operator("double", () => (n: number) => 2 * n, { kind: "pair", key: "record", value: "record" });
  // @ts-expect-error: one argument has no sum
  operator("length", () => (text: string) => text.length, { kind: "sum" });
});

test("an executor that lacks an implementation, or has another, does not compile", () => {
  expectTypeOf<Omit<OperatorPort, "pipe">>().not.toExtend<OperatorPort>();
  expectTypeOf<Omit<OperatorPort, "readText"> & { readText(path: string): string }>().not.toExtend<OperatorPort>();
  expectTypeOf<Omit<OperatorPort, "readBytes"> & { readBytes(): string }>().not.toExtend<OperatorPort>();
});

describe("functions of operators", () => {
  test("take the captures of their use", () => {
    expect(call(operators.keyBy, [(word: string) => word.length])("abc")).toEqual([3, "abc"]);
  });

  test("count a partition, and add counts up to one number even if there are none", () => {
    const count = call(operators.countPartition, []);
    const sum = call(operators.sumPartition, []);
    expect([count(["a", "b"]), count([]), sum([2, 3]), sum([])]).toEqual([[2], [0], [5], [0]]);
  });

  test("begin each fold with a zero of its own", () => {
    const gather = (all: string[], word: string): string[] => {
      all.push(word);
      return all;
    };
    const first = call(operators.foldFirst, [encodeValue([], emptyClassTable), gather]);
    expect([first("a"), first("b")]).toEqual([["a"], ["b"]]);
  });

  test("use the files and commands of their executor", async () => {
    const listed = [["/in", "v1"]];
    expect(call(operators.readText, [])(listed)).toEqual(new Slices([[["/in", "text of /in v1"]]]));
    expect(call(operators.readBytes, [])(listed)).toEqual(new Slices([[["/in", new Uint8Array(3)]]]));
    const written: unknown[] = [];
    const piped = call(operators.pipe, [["cat", "-n"], {}])(["a"]) as AsyncIterable<string>; // see `OperatorPort.pipe`
    for await (const line of piped) written.push(line);
    expect(written).toEqual(["cat", "-n", "a"]);
  });
});
