import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importState, StateData } from "@millrace/driver/checkpoint";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { session } from "./program.fixture.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-import-cli-"));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Commands with the real checkpoints. */
async function millrace(input: readonly string[], ...args: readonly string[]) {
  return session({ engine: { importState, openState: StateData.open }, input }).run("state", ...args);
}

let directories = 0;
const fresh = (): string => join(root, `c-${directories++}`);

/** Imports lines into a new directory, and exports them. */
async function through(format: string, text: string, ...options: readonly string[]) {
  const directory = fresh();
  const done = await millrace([text], "import", directory, "--format", format, ...options);
  const { out } = await millrace([], "export", directory, "--format", format);
  return { ...done, out, lines: out.split(/\r?\n/).sort() };
}

describe("millrace state import", () => {
  test("makes again what was exported, in both formats, whatever the keys and states are", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(), // texts that are JSON, too
      fc.constantFrom("", "007", "1e400", "null", "\ud800", ' ,\r\n"', "\u2028"),
    );
    const tagged = (name: string, of: fc.Arbitrary<unknown>) => of.map((content) => ({ [name]: content }));
    const scalar = fc.oneof(
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0), // no -0
      tagged("$bigint", fc.bigInt().map(String)),
      tagged(
        "$date",
        fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      ),
      fc.constantFrom(true, false, null, { $number: "NaN" }, { $number: "-Infinity" }),
    );
    const key = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), tagged("field", scalar));
    const state = fc.oneof(
      scalar,
      fc.jsonValue({ maxDepth: 2 }).filter((json) => !JSON.stringify(json).includes('{"$')),
      tagged("$map", fc.array(fc.tuple(fc.uuid(), scalar), { maxLength: 3 })),
    );
    const rows = fc.uniqueArray(fc.tuple(key, state), {
      selector: ([one]) => JSON.stringify(one),
      ...{ minLength: 30, maxLength: 100 },
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 5 }), async (all, partitions) => {
        const lines = all.map(([one, of]) => JSON.stringify({ operator: "totals", key: one, state: of }));
        const first = await through("jsonl", lines.join("\n"), "--partitions", String(partitions));
        expect(first.lines).toEqual([...lines, ""].sort());
        const csv = await millrace([], "export", join(root, `c-${directories - 1}`), "--format", "csv");
        const second = await through("csv", csv.out);
        expect(second.lines).toEqual(csv.out.split(/\r?\n/).sort());
        const back = await millrace([], "export", join(root, `c-${directories - 1}`), "--format", "jsonl");
        expect(back.out.split("\n").sort()).toEqual(first.lines);
      }),
      { numRuns: 2 },
    );
  });

  test("takes pairs alone, for an operator, in any chunks, and tells what it has done", async () => {
    const directory = fresh();
    const { code, err } = await millrace(
      ['["a", 1]\n\n["\u00e4\u2028b"', ', {"n": [2]}]'],
      "import",
      directory,
      "totals",
    );
    expect([code, err]).toEqual([0, `millrace: 2 keys of totals imported into ${directory}, in 1 partition\n`]);
    const { out } = await millrace([], "scan", directory, "--format", "jsonl");
    expect(out.split("\n").sort()).toEqual([
      "",
      '{"operator":"totals","key":"a","state":1}',
      '{"operator":"totals","key":"\u00e4\u2028b","state":{"n":[2]}}',
    ]);
  });

  test("takes a CSV that was edited: columns in any order, other ends of lines, times as text", async () => {
    const csv = '\ufeffstate,key,updated\r\n1,a,1970-01-01T00:00:01Z\n"{""n"":2}",007,2000\n"x,\ny","""7""",\n';
    const file = join(root, "edited.csv");
    writeFileSync(file, csv);
    const directory = fresh();
    expect((await millrace([], "import", directory, "totals", "--format", "csv", "--in", file)).err).toContain(
      "3 keys",
    );
    const { out } = await millrace([], "scan", directory, "--format", "jsonl");
    expect(out).toContain('"key":"a","state":1,"updated":1000}');
    expect(out).toContain('"key":"007","state":{"n":2},"updated":2000}');
    expect(out).toContain('"key":"7","state":"x,\\ny","updated"');
  });

  test.each<[string, string, string]>([
    ["jsonl", '["a",1]\n["b"\n', "line 2 of standard input cannot be imported: it is not JSON"],
    ["jsonl", "7\n", 'line 1 of standard input cannot be imported: it is neither an object with "key" and "state"'],
    ["jsonl", '{"key":1,"value":2}', 'it has "value": want operator, key, state and updated'],
    ["jsonl", '\n{"key":1}', 'line 2 of standard input cannot be imported: it has no "state"'],
    ["jsonl", '{"operator":"other","key":1,"state":2}', 'it is of "other", and "totals" is to be imported'],
    ["jsonl", '{"key":1,"state":2,"updated":"x"}', "its time, updated, is not in milliseconds"],
    ["jsonl", "[1,2]\n[1,3]", "line 2 of standard input cannot be imported: the key 1"],
    ["csv", "a,b\n1,2\n", 'line 1 of standard input cannot be imported: it is to name the columns, and has no "key"'],
    ["csv", "key,state\n1,2\n1\n", "line 3 of standard input cannot be imported: it has 1 cells, and the heading 2"],
    ["csv", 'key,state\n1,"2\n', "it is not CSV"],
    ["csv", 'key,state\n1,"{""$bigint"":7}"\n', "line 2 of standard input cannot be imported: .$bigint: want digits"],
  ])("names the line that is no pair: %s %j", async (format, text, why) => {
    const directory = fresh();
    const { code, err } = await millrace([text], "import", directory, "totals", "--format", format);
    expect([code, err]).toEqual([1, expect.stringContaining("[STATE_LINE_INVALID]")]);
    expect(err).toContain(why);
    expect((await millrace([], "scan", directory)).err).toContain("CHECKPOINT_NOT_FOUND");
  });

  test("wants an operator for pairs alone, a file that is there, text in UTF-8, and partitions within bounds", async () => {
    const run = async (input: string, ...args: readonly string[]) =>
      (await millrace([input], "import", fresh(), ...args)).err;
    expect(await run("[1,2]")).toContain('it has no "operator"');
    expect(await run("", "totals", "--in", join(root, "none"))).toContain("[INPUT_UNREADABLE]");
    for (const n of ["0", "4097", "x"]) expect(await run("", "totals", "--partitions", n)).toContain("[BAD_USAGE]");
    const file = join(root, "latin1");
    writeFileSync(file, Buffer.from("5b312c22e4225d0a", "hex"));
    expect(await run("", "totals", "--in", file)).toMatch(/STATE_LINE_INVALID.*line 1 of .* not UTF-8/);
  });
});
