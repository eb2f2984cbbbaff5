import { afterEach, describe, expect, test } from "vitest";
import { type Callable, type Lab, openLab } from "./job.fixture.ts";

let lab: Lab | undefined;
afterEach(() => lab?.close());

/** The tag of the function returned by a job's body; the body begins on line 3 of `job.ts`. */
async function tagOf(body: string, module = "") {
  lab = await openLab({
    "job.ts": `import { defineJob } from "millrace"; ${module}\nexport default defineJob({ name: "case", batchInterval: "1s" }, () => {\n${body}\n});\n`,
  });
  const { build } = lab.job as { build: Callable };
  const tag = lab.driver.tags.get(build());
  if (tag === undefined) throw new Error("no tag");
  return tag;
}

describe("a reason not to ship is reported with its place and remedy", () => {
  test("an assignment to a captured variable, which a driver body may do", async () => {
    const tag = await tagOf("let total: number = 0;\nreturn (x: number) => {\n  total += x;\n  return x;\n};");
    expect(tag.assigned).toEqual(["total"]);
    expect(tag.refusals).toHaveLength(1);
    expect(tag.refusals?.[0]?.message).toContain("assigns to `total`");
    expect(tag.refusals?.[0]?.message).toContain("accumulator");
    expect(tag.refusals?.[0]?.site).toEqual({ file: "job.ts", line: 5, column: 3 });
    expect(tag.site).toEqual({ file: "job.ts", line: 4, column: 8 });
    expect(lab?.executor.factories.has(tag.id)).toBe(false);
  });

  test.each([
    ["++", "let n = 0; return () => n++;"],
    ["destructuring", "let n = 0; return (p: { n: number }) => { ({ n } = p); };"],
    ["for-of", "let n = 0; return (xs: number[]) => { for (n of xs); };"],
    ["logical assignment", "let n: number | undefined; return () => (n ??= 1);"],
    ["an inner function", "let n = 0; return (xs: number[]) => xs.forEach((x) => { n = x; });"],
  ])("an assignment by %s", async (_what, body) => {
    expect((await tagOf(body)).assigned).toEqual(["n"]);
  });

  test.each([
    ["a parameter", "return (n: number) => { n = 1; return n; };", ""],
    ["a variable of its own", "return () => { let n = 1; n = 2; return n; };", ""],
    ["a variable of the module", "return () => { n = 2; return n; };", "let n = 1;"],
    ["a property", "const o = { n: 1 }; return () => { o.n = 2; };", ""],
  ])("an assignment to %s is nobody else's business", async (_what, body, module) => {
    expect((await tagOf(body, module)).refusals).toBeUndefined();
  });

  test("a variable of the module that the job's body assigns to, which executors have anew", async () => {
    const tag = await tagOf("limit = 5;\nreturn (x: number) => x > limit;", "let limit = 0;");
    expect(tag.refusals).toHaveLength(1);
    expect(tag.refusals?.[0]?.message).toContain("reads `limit`, a variable of the module that the driver assigns to");
    expect(tag.refusals?.[0]?.message).toContain("Declare it in the job's body");
    expect(tag.refusals?.[0]?.site).toEqual({ file: "job.ts", line: 4, column: 27 });
  });

  test("or that an output's body does", async () => {
    const tag = await tagOf(
      "s.foreachRDD(() => { n += 1; }); return () => [n, n];",
      "let n = 0; const s = { foreachRDD: (_: () => void) => {} };",
    );
    expect(tag.refusals).toHaveLength(1);
  });

  test.each([
    ["that a function sets for itself", "pool = 1; return () => (pool ??= 2);", "let pool: number | undefined;"],
    ["that only its declaration sets", "return () => n;", "let n = 0;"],
    ["that functions of the module set", "set(); return () => n;", "let n = 0; const set = () => { n = 1; };"],
    ["that is hidden by a local one", "n = 1; return () => { const n = 2; return n; };", "let n = 0;"],
  ])("a variable of the module %s is read", async (_what, body, module) => {
    expect((await tagOf(body, module)).refusals).toBeUndefined();
  });

  test.each([
    [
      "`super`",
      "class B extends A { make() { return () => super.a(); } } return new B().make();",
      "class A { a() { return 1; } }",
    ],
    ["`super`", "const o = { a() { return super.toString(); } }; return o.a;", ""],
    ["`new.target`", "function F(this: object) { return () => new.target; } return (F as Function)();", ""],
    ["`arguments`", "return (function (_x: number) { return () => arguments[0]; })(1);", ""],
    [
      "`#secret`",
      "class C { #secret = 1; make() { return (x: number) => x + this.#secret; } } return new C().make();",
      "",
    ],
    ["`eval`", "const n = 1; return () => eval('n');", ""],
  ])("%s of the function around it", async (what, body, module) => {
    const tag = await tagOf(body, module);
    expect(tag.refusals?.[0]?.message).toContain(what);
    expect(tag.refusals?.[0]?.site).toMatchObject({ file: "job.ts", line: 3 });
    expect(lab?.executor.factories.has(tag.id)).toBe(false);
  });

  test.each([
    ["itself", "class C { #secret = 1; get s() { return this.#secret; } }", "new C()"],
    ["a base class", "class B { #secret = 1; get s() { return this.#secret; } } class C extends B {}", "new C()"],
    ["an accessor", "class C { accessor s = 1; }", "new C()"],
    ["a decorated accessor", "const d = (v: any, _c: any) => v; class C { @d accessor s = 1; }", "new C()"],
    ["a private method", "class C { #m() { return 1; } s() { return this.#m(); } }", "new C()"],
  ])("an instance with private parts in %s is not taken for one without", async (_what, module, value) => {
    lab = await openLab({ "job.ts": `${module} export default () => ${value};` });
    const instance = (lab.job as Callable)();
    expect(() => lab?.ship(instance)).toThrow("an instance of C does not ship");
    expect(Reflect.get((instance as object).constructor, Symbol.for("millrace.refusal"))).toContain("#private");
  });

  test("an instance of a local class that captures is refused with the remedy", async () => {
    lab = await openLab({
      "job.ts": "export default (n: number) => { class L { v = n; } class M extends L {} return [new L(), new M()]; };",
    });
    for (const instance of (lab.job as Callable)(1) as object[]) {
      expect(() => lab?.ship(instance)).toThrow("does not ship");
      expect(Reflect.get(instance.constructor, Symbol.for("millrace.refusal"))).toContain("top of a file");
    }
  });

  test("the class of such an instance ships itself", async () => {
    const body = "return () => new C(4).s;";
    lab = await openLab({
      "job.ts": `class C { #s; constructor(s: number) { this.#s = s; } get s() { return this.#s; } } export default () => { ${body} };`,
    });
    expect((lab.ship((lab.job as Callable)()) as Callable)()).toBe(4);
  });

  test("the result of bind and a package's functions carry no tag", async () => {
    lab = await openLab({
      "job.ts": `import { debounce } from "tool";
export default () => [((x: number) => x).bind(null), debounce(() => 1)];`,
      "node_modules/tool/package.json": '{ "name": "tool", "version": "1.0.0", "main": "index.js" }',
      "node_modules/tool/index.js": "exports.debounce = (f) => () => f();",
    });
    const made = (lab.job as Callable)() as unknown[];
    expect(made.map((one) => lab?.driver.tags.has(one))).toEqual([false, false]);
  });

  test("the names of captures are in the order of their values", async () => {
    const tag = await tagOf("const a = 1; const b = 2; return new (class { k = 3; f = () => [b, a, this.k]; })().f;");
    expect(tag.names.at(-1)).toBe("this");
    expect(Object.fromEntries(tag.names.map((name, i) => [name, tag.captures()[i]]))).toMatchObject({ a: 1, b: 2 });
  });

  test("a variable captured before it has a value throws by its own name", async () => {
    const tag = await tagOf(
      "const f = () => later; const seen = [f]; if (seen.length > 1) { const later = 1; return later; } return f; const later = 2;",
    );
    expect(() => tag.captures()).toThrow(/later/);
  });
});
