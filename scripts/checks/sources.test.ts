import { expect, test } from "vitest";
import { findAmbient } from "./ambient.mjs";
import { findLong, LINES_MAX, SURFACE_LINES_MAX } from "./lengths.mjs";
import { parseSource } from "./workspace.mjs";

const workspace = (path: string, text: string) => ({
  root: { name: "root" },
  packages: [
    {
      folder: "packages/base",
      manifest: { name: "@millrace/base" },
      references: [],
      sources: [parseSource(path, text)],
    },
  ],
});

test.each([
  ["Date.now()", ["Date.now"]],
  ["const pick = Math.random;", ["Math.random"]],
  ["setTimeout(f, 1)", ["setTimeout"]],
  ["new Date()", ["new Date()"]],
  ["new Date(0); clock.setTimeout(f)", []],
  ['import { setTimeout } from "node:timers/promises";', ["node:timers"]],
  ["// Date.now()\n'Date.now()'", []],
])("%s uses %j of what is ambient", (text, names) => {
  expect(findAmbient(workspace("src/a.ts", text)).map((one) => one.what)).toEqual(
    names.map((name) => `${name} outside an adapter`),
  );
});

test("the clock's adapter may use the clock", () => {
  expect(findAmbient(workspace("src/clock.ts", "Date.now()"))).toEqual([]);
});

test("a file past the limit may only shrink, and its shrinking is remembered", () => {
  const long = (lines: number) => workspace("src/a.ts", "a;\n".repeat(lines));
  const file = "packages/base/src/a.ts";
  expect(findLong(long(LINES_MAX), {}).problems).toEqual([]);
  expect(findLong(long(LINES_MAX + 1), {}).problems).toHaveLength(1);
  expect(findLong(long(500), { [file]: 510 })).toEqual({ problems: [], now: { [file]: 500 } });
  expect(findLong(long(511), { [file]: 510 }).problems).toHaveLength(1);
  expect(findLong(long(300), { [file]: 510 }).now).toEqual({});
});

const method = (body: string) =>
  `import { f } from "./f.ts";\n/** A. */\nexport class A {\n  /** M. */\n  m(x) {\n${body}\n  }\n}\n`;

test.each([
  ["one call", method("return this.of(f(x));"), true],
  ["a change, and itself", method("this.x.rename(x); return this;"), true],
  ["a function in place", method("return f(x).map((one) => this.of(one));"), true],
  ["a variable", method("const y = f(x); return y;"), false],
  ["a branch", method("if (x) return f(x);"), false],
  ["a choice", method("return x ? f(x) : 0;"), false],
  ["a function with a body", method("return f(() => { f(x); });"), false],
  ["a function beside", `${method("return f(x);")}function g() {}`, false],
  ["types alone", "export interface A { readonly a: number }", false],
])("a class whose methods are %s is a surface: %#", (_, text, surface) => {
  expect(parseSource("src/a.ts", text).surface).toBe(surface);
});

test("a surface may be longer than logic", () => {
  const lines = (count: number, body: string) => workspace("src/a.ts", `${"// a\n".repeat(count - 8)}${method(body)}`);
  expect(findLong(lines(SURFACE_LINES_MAX, "return f(x);"), {}).problems).toEqual([]);
  expect(findLong(lines(SURFACE_LINES_MAX + 1, "return f(x);"), {}).problems).toHaveLength(1);
  expect(findLong(lines(SURFACE_LINES_MAX, "if (x) f(x);"), {}).problems).toHaveLength(1);
});
