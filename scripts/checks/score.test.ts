import { expect, test } from "vitest";
import { cardOf, formatScore, scored, toRecord } from "./score.mjs";
import { parseSource } from "./workspace.mjs";

const card = (files: Readonly<Record<string, string>>, folder = "packages/plan") =>
  cardOf({
    root: { name: "root" },
    packages: [
      {
        folder,
        manifest: { name: "@millrace/plan" },
        references: [],
        sources: Object.entries(files).map(([path, text]) => parseSource(path, text)),
      },
    ],
  });

const figure = (text: string, name: string) => card({ "src/a.ts": text }).find((one) => one.name === name);

test.each([
  ["const a = b as string;\nconst c = d as const;\nconst e = f satisfies G;\n", "`as`", 1],
  ["const a = (b as any)!;\n", "`any`", 1],
  ["const a = b!.c;\n", "`!`", 1],
])("%j has %s %i time", (text, name, times) => {
  expect(figure(text, name)?.where).toHaveLength(times);
});

test.each([
  ["throw new Error('a');", 1],
  ["throw new TypeError('a');", 1],
  ["reject(new Error('a'));", 1],
  ["Promise.reject(new Error('a'));", 1],
  ["throw badArgument('a');", 0],
  ["throw error;", 0],
])("%s is %i error without a code", (text, count) => {
  expect(figure(text, "errors without a code")?.where).toHaveLength(count);
});

test.each([
  ["switch (a) { case 'b': return 1; case 'c': return 2; }", 1],
  ["switch (a) { case 'b': return 1; default: }", 1],
  ["switch (a) { case 'b': return 1; default: return unreachable(a); }", 0],
  ["switch (a) { case 1: return 1; }", 0],
  ["switch (a.kind) { case B: return 1; }", 0],
])("%s is %i switch over words that is not held to be complete", (text, count) => {
  const code = `function f(a) { ${text} }`;
  expect(figure(code, "switches not held to be complete")?.value).toBe(count);
});

test("lines of functions, files and comments are counted", () => {
  const text = "// one\nfunction f() {\n  return 1;\n}\nconst g = () => 2;\n/* two\n   three */\n";
  expect(figure(text, "file length, 9 of 10 below")?.value).toBe(7);
  expect(figure(text, "function length, 9 of 10 below")?.value).toBe(3);
  expect(figure(text, "comments")?.value).toBeCloseTo((100 * 3) / 7);
});

test("tests and what stands aside are no code that counts", () => {
  const files = { "src/a.test.ts": "a as b;\n", "bench/a.mjs": "a;\n", "src/a.ts": "a;\na;\n" };
  expect(card(files).find((one) => one.name === "`as`")?.value).toBe(0);
  expect(card(files).find((one) => one.name === "tests")?.value).toBe(50);
  expect(card({ "src/a.ts": "a as b;\n" }, "packages/bench").find((one) => one.name === "`as`")?.where).toEqual([]);
});

test("a figure that misses its goal may get better and not worse; one that meets it is free within it", () => {
  const cast = "a as b;\n";
  const figures = card({ "src/a.ts": `${cast}a;\n` }); // 500 a thousand lines
  const kept = (recorded: Readonly<Record<string, number>>) =>
    scored(figures, recorded).find(({ figure: { name } }) => name === "`as`")?.kept;
  expect(kept({})).toBe(false);
  expect(kept({ "`as`": 499 })).toBe(false);
  expect(kept({ "`as`": 500 })).toBe(true);
  expect(toRecord(figures)).toMatchObject({ "`as`": 500 });
  expect(toRecord(figures)).not.toHaveProperty(["`any`"]);
});

test("what got worse is told with its places", () => {
  const [first] = scored(card({ "src/a.ts": "a as b;\n" }), { "`as`": 3 });
  expect(first && formatScore(first)).toEqual([
    "  WORSE  `as`: 1000 a thousand lines (at most 2, 3 before)",
    "           packages/plan/src/a.ts:1",
  ]);
});
