import { afterEach, describe, expect, test } from "vitest";
import { type Callable, type Lab, openLab } from "./job.fixture.ts";

interface Case {
  readonly name: string;
  /** Body of a driver function that returns the function to ship. */
  readonly body: string;
  /** Module-level code before the job. */
  readonly module?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly args?: readonly unknown[];
  readonly expected: unknown;
}

let lab: Lab | undefined;
afterEach(() => lab?.close());

async function settle(value: unknown): Promise<unknown> {
  const settled = await value;
  if (typeof settled !== "object" || settled === null) return settled;
  if (!Array.isArray(settled) && (Symbol.iterator in settled || Symbol.asyncIterator in settled)) {
    const items: unknown[] = [];
    for await (const item of settled as AsyncIterable<unknown>) items.push(item);
    return items;
  }
  return settled;
}

const CASES: readonly Case[] = [
  { name: "a captured const", body: "const n = 3; return (x: number) => x + n;", args: [4], expected: 7 },
  {
    name: "a captured let, read when shipped",
    body: "let n = 3; const f = (x: number) => x + n; n = 5; return f;",
    args: [1],
    expected: 6,
  },
  { name: "a captured var", body: "var n = 3; return function (x: number) { return x + n; };", args: [4], expected: 7 },
  {
    name: "the variable of a for loop",
    body: "const fs = []; for (let i = 0; i < 3; i++) fs.push((x: number) => x * i); return fs[2];",
    args: [5],
    expected: 10,
  },
  {
    name: "the variable of for-of",
    body: "const fs = []; for (const w of ['a', 'b']) fs.push((x: string) => x + w); return fs[1];",
    args: ["x"],
    expected: "xb",
  },
  {
    name: "the variable of for-in",
    body: "const fs = []; for (const k in { p: 1 }) fs.push(() => k); return fs[0];",
    expected: "p",
  },
  {
    name: "shadowing by a parameter",
    body: "const x = 1; const y = 2; return (x: number) => x + y;",
    args: [40],
    expected: 42,
  },
  {
    name: "shadowing by a block",
    body: "const x = 1; return () => { let s = x; { const x = 10; s += x; } return s; };",
    expected: 11,
  },
  {
    name: "shadowing of a module's variable",
    module: "const n = 100;",
    body: "const n = 1; return () => n;",
    expected: 1,
  },
  {
    name: "a module's variable beside a captured one",
    module: "const big = 100;",
    body: "const n = 1; return () => big + n;",
    expected: 101,
  },
  { name: "default parameters", body: "const d = 7; return (x = d, y = x + 1) => [x, y];", expected: [7, 8] },
  {
    name: "a function in a default parameter",
    body: "const d = 7; return (x: number, f = (y: number) => x + y + d) => f(1);",
    args: [10],
    expected: 18,
  },
  {
    name: "destructured parameters",
    body: "const d = 2; return ({ a, b: [c = d, ...rest] }: any) => [a, c, rest];",
    args: [{ a: 1, b: [undefined, 3, 4] }],
    expected: [1, 2, [3, 4]],
  },
  { name: "destructured captures", body: "const { a, b: [c] } = { a: 1, b: [2] }; return () => a + c;", expected: 3 },
  {
    name: "rest and spread",
    body: "const head = [1]; return (...xs: number[]) => [...head, ...xs];",
    args: [2, 3],
    expected: [1, 2, 3],
  },
  {
    name: "recursion of a declaration",
    body: "function fact(n: number): number { return n < 2 ? 1 : n * fact(n - 1); } return fact;",
    args: [5],
    expected: 120,
  },
  {
    name: "recursion of a const",
    body: "const k = 1; const fact = (n: number): number => n < 2 ? k : n * fact(n - 1); return fact;",
    args: [5],
    expected: 120,
  },
  {
    name: "recursion by a function's own name",
    body: "return function f(n: number): number { return n < 2 ? 1 : n * f(n - 1); };",
    args: [5],
    expected: 120,
  },
  {
    name: "mutual recursion",
    body: "function even(n: number): boolean { return n === 0 || odd(n - 1); } function odd(n: number): boolean { return n !== 0 && even(n - 1); } return even;",
    args: [10],
    expected: true,
  },
  {
    name: "mutual recursion of consts",
    body: "const even = (n: number): boolean => n === 0 || odd(n - 1); const odd = (n: number): boolean => n !== 0 && even(n - 1); return odd;",
    args: [7],
    expected: true,
  },
  {
    name: "a captured function that captures",
    body: "const n = 2; const twice = (x: number) => x * n; return (x: number) => twice(x) + n;",
    args: [5],
    expected: 12,
  },
  {
    name: "a curried function",
    body: "const add = (a: number) => (b: number) => (c: number) => a + b + c; return add(1)(2);",
    args: [3],
    expected: 6,
  },
  {
    name: "functions that return functions",
    body: "const k = 3; return (a: number) => (b: number) => a * b + k;",
    args: [2],
    expected: "call 5 13",
  },
  {
    name: "a function of a module that returns one",
    module: "const adder = (n: number) => (x: number) => x + n;",
    body: "return adder(5);",
    args: [1],
    expected: 6,
  },
  {
    name: "a module's function",
    module: "function twice(x: number) { return 2 * x; }",
    body: "return twice;",
    args: [4],
    expected: 8,
  },
  {
    name: "a module's arrow",
    module: "const twice = (x: number) => 2 * x;",
    body: "return twice;",
    args: [4],
    expected: 8,
  },
  {
    name: "a module's object of functions",
    module: "const ops = { add: (a: number, b: number) => a + b, sub(a: number, b: number) { return a - b; } };",
    body: "return ops.sub;",
    args: [4, 1],
    expected: 3,
  },
  {
    name: "a helper file",
    body: "return (s: string) => shout(s) + MARK;",
    module: "import { shout, MARK } from './lib/text.ts';",
    files: { "lib/text.ts": "export const MARK = '!'; export function shout(s: string) { return s.toUpperCase(); }" },
    args: ["a"],
    expected: "A!",
  },
  {
    name: "a helper's function handed over itself",
    body: "return shout;",
    module: "import { shout } from './lib/text.ts';",
    files: { "lib/text.ts": "export const shout = (s: string) => s.toUpperCase();" },
    args: ["a"],
    expected: "A",
  },
  {
    name: "a helper's default function without a name",
    body: "return shout;",
    module: "import shout from './text.ts';",
    files: { "text.ts": "export default function (s: string) { return s.toUpperCase(); }" },
    args: ["a"],
    expected: "A",
  },
  {
    name: "a helper's default arrow",
    body: "return shout;",
    module: "import shout from './text.ts';",
    files: { "text.ts": "export default (s: string) => s.toUpperCase();" },
    args: ["a"],
    expected: "A",
  },
  {
    name: "re-exports",
    body: "return (s: string) => all.loud(s) + loud2('b');",
    module: "import * as all from './index.ts'; import { loud2 } from './index.ts';",
    files: {
      "index.ts": "export * from './text.ts'; export { shout as loud2 } from './text.ts';",
      "text.ts": "export const shout = (s: string) => s.toUpperCase(); export { shout as loud };",
    },
    args: ["a"],
    expected: "AB",
  },
  {
    name: "live bindings",
    body: "return () => { bump(); bump(); return count; };",
    module: "import { count, bump } from './counter.ts';",
    files: { "counter.ts": "export let count = 0; export function bump() { count++; }" },
    expected: "live",
  },
  {
    name: "an import cycle that calls at load",
    body: "return () => fromB;",
    module: "import { fromB } from './b.ts'; export function fromJob(n: number) { return [n].map((x) => x + 1); }",
    files: { "b.ts": "import { fromJob } from './job.ts'; export const fromB = fromJob(1);" },
    expected: [2],
  },
  {
    name: "async functions",
    body: "const n = 2; return async (x: number) => { await null; return x * n; };",
    args: [4],
    expected: 8,
  },
  {
    name: "generators",
    body: "const n = 2; return function* (x: number) { yield x; yield x * n; };",
    args: [4],
    expected: [4, 8],
  },
  {
    name: "async generators",
    body: "const n = 2; return async function* (x: number) { yield x; yield x * n; };",
    args: [4],
    expected: [4, 8],
  },
  {
    name: "this in an arrow",
    module: "class Scaler { factor = 3; fn() { return (x: number) => x * this.factor; } }",
    body: "return new Scaler().fn();",
    args: [5],
    expected: 15,
  },
  {
    name: "this in nested arrows",
    body: "const o = { k: 4, make() { return (x: number) => [x].map((y) => y * this.k); } }; return o.make();",
    args: [5],
    expected: [20],
  },
  {
    name: "this of a function's own",
    body: "const o = { k: 4, f(x: number) { return [x].map((y) => y * this.k); } }; return (x: number) => o.f(x);",
    args: [5],
    expected: [20],
  },
  {
    name: "an arrow in a class field",
    module: "class Box { k = 2; times = (x: number) => x * this.k; }",
    body: "return new Box().times;",
    args: [5],
    expected: 10,
  },
  {
    name: "a captured instance of a module's class",
    module: "class P { constructor(public x: number) {} get double() { return this.x * 2; } }",
    body: "const p = new P(4); return () => [p.double, p instanceof P];",
    expected: [8, true],
  },
  {
    name: "a captured instance of a subclass",
    module: "class A { a() { return 'a'; } } class B extends A { b = 1; a() { return super.a() + this.b; } }",
    body: "const b = new B(); return () => [b.a(), b instanceof A];",
    expected: ["a1", true],
  },
  {
    name: "a captured class expression's instance",
    module: "const C = class { v = 5; };",
    body: "const c = new C(); return () => [c.v, c instanceof C];",
    expected: [5, true],
  },
  {
    name: "a class that a function makes within itself",
    body: "const n = 2; return (x: number) => { class L { v = x * n; } return new L().v; };",
    args: [3],
    expected: 6,
  },
  {
    name: "a captured local class",
    body: "class L { constructor(public v: number) {} plus(n: number) { return this.v + n; } } return (x: number) => new L(x).plus(1);",
    args: [3],
    expected: 4,
  },
  {
    name: "a captured local class that captures",
    body: "const n = 7; class L { v = n; } return () => new L().v;",
    expected: 7,
  },
  {
    name: "a captured local class that refers to itself",
    body: "class L { static make() { return new L(); } ok() { return this instanceof L; } } return () => L.make().ok();",
    expected: true,
  },
  {
    name: "a captured instance of a local class",
    body: "class L { v = 3; twice() { return this.v * 2; } } const l = new L(); return () => [l.twice(), l instanceof L];",
    expected: [6, true],
  },
  {
    name: "captured instances of local classes that need each other",
    body: "class A { b() { return new B().v; } } class B { v = 9; a() { return new A(); } } const b = new B(); return () => [b.a() instanceof A, new A().b(), b instanceof B];",
    expected: [true, 9, true],
  },
  {
    name: "local classes that extend each other",
    body: "class A { x() { return 1; } } class B extends A { y() { return this.x() + 1; } } const b = new B(); return () => [b.y(), b instanceof A];",
    expected: [2, true],
  },
  {
    name: "two local classes of one name",
    body: "const f = () => { class R { v = 1; } return new R(); }; const g = () => { class R { v = 2; w() { return this.v; } } return new R(); }; const [r, s] = [f(), g()]; return () => [r.v, s.w()];",
    expected: [1, 2],
  },
  {
    name: "a static method handed over",
    module: "class Parser { static parse(s: string) { return s.length; } }",
    body: "return Parser.parse;",
    args: ["abc"],
    expected: 3,
  },
  {
    name: "a local static method handed over",
    body: "const n = 1; class Parser { static parse(s: string) { return s.length + n; } } return Parser.parse;",
    args: ["abc"],
    expected: 4,
  },
  {
    name: "private fields within a function",
    body: "return (x: number) => { class C { #v = x; get v() { return this.#v; } static { C.bonus = 1; } static bonus = 0; has(o: object) { return #v in o; } } const c = new C(); return [c.v, c.has(c)]; };",
    args: [3],
    expected: [3, true],
  },
  {
    name: "class static blocks",
    module: "class S { static n = 0; static { S.n = [1, 2].map((x) => x + S.n).length; } }",
    body: "return () => S.n;",
    expected: 2,
  },
  {
    name: "enums",
    module: "enum Color { Red, Green = 5, Text = 'x' }",
    body: "return () => [Color.Green, Color[0], Color.Text];",
    expected: [5, "Red", "x"],
  },
  {
    name: "a local enum",
    body: "enum Color { Red, Green } return () => [Color.Green, Color[0]];",
    expected: [1, "Red"],
  },
  {
    name: "a namespace",
    module: "namespace N { const k = 2; export function twice(x: number) { return x * k; } }",
    body: "return N.twice;",
    args: [4],
    expected: 8,
  },
  {
    name: "object methods",
    body: "const k = 1; const o = { add(x: number) { return x + k; } }; return o.add;",
    args: [1],
    expected: 2,
  },
  {
    name: "odd method names",
    body: "const o = { 'a-b'(x: number) { return x; }, async 5() { return 5; }, *gen() { yield 1; } }; return async () => [o['a-b'](1), await o[5](), [...o.gen()]];",
    expected: [1, 5, [1]],
  },
  { name: "getters of a captured object", body: "const o = { get v() { return 3; } }; return () => o.v;", expected: 3 },
  {
    name: "computed methods stay as they are",
    body: "return (x: number) => { const o = { ['m' + x]() { return x; } }; return (o as any).m1(); };",
    args: [1],
    expected: 1,
  },
  {
    name: "arguments of its own",
    body: "return function () { return arguments.length; };",
    args: [1, 2, 3],
    expected: 3,
  },
  {
    name: "new.target of its own",
    body: "const F: any = function (this: any) { return new.target === undefined; }; return F;",
    expected: true,
  },
  {
    name: "built-ins captured",
    body: "const parse = Number; return (s: string) => parse(s) + 1;",
    args: ["4"],
    expected: 5,
  },
  {
    name: "Map, Set, Date and bigint captured",
    body: "const m = new Map([['a', 1n]]); const s = new Set([2]); const d = new Date(5); return () => [m.get('a'), s.has(2), d.getTime()];",
    expected: [1n, true, 5],
  },
  { name: "a cycle captured", body: "const o: any = { v: 1 }; o.self = o; return () => o.self.self.v;", expected: 1 },
  {
    name: "an object whose methods use one another",
    body: "const o = { a: (x: number) => x + 1, b(x: number) { return this.a(x) * 2; } }; return (x: number) => o.b(x);",
    args: [1],
    expected: 4,
  },
  {
    name: "collisions with injected names",
    body: "const __mr = 1; const __mr_this = 2; const hooks = 3; const tag = 4; const define = 5; return () => [__mr, __mr_this, hooks, tag, define];",
    expected: [1, 2, 3, 4, 5],
  },
  {
    name: "a variable named require",
    module: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    body: "return () => require('node:path').basename('/a/b');",
    expected: "b",
  },
  {
    name: "directives",
    body: "return function (x: number) { 'use strict'; function inner() { return x; } return inner(); };",
    args: [3],
    expected: 3,
  },
  {
    name: "labels",
    body: "const lim = 2; return (xs: number[]) => { const out: number[] = []; outer: for (const x of xs) { for (const y of [1, 2, 3]) { if (y > lim) continue outer; out.push(x * y); } } return out; };",
    args: [[1, 2]],
    expected: [1, 2, 2, 4],
  },
  {
    name: "optional catch binding and catch parameters",
    body: "const t = 'no'; return () => { try { throw new Error('x'); } catch { try { throw new Error(t); } catch (e) { return [(e as Error).message].map((m) => m + (e as Error).message)[0]; } } };",
    expected: "nono",
  },
  {
    name: "a function made in a catch",
    body: "try { throw new Error('why'); } catch (e) { const message = (e as Error).message; return () => message; }",
    expected: "why",
  },
  {
    name: "a function in a switch",
    body: "switch (1 as number) { case 0: break; case 1: { function inSwitch() { return 'sw'; } return inSwitch; } } return undefined;",
    expected: "sw",
  },
  {
    name: "a function in a block",
    body: "if (true) { function inBlock() { return k; } const k = 8; return inBlock; } return undefined;",
    expected: 8,
  },
  {
    name: "a function used above its declaration",
    body: "const f = later; const n = 3; return f; function later() { return n; }",
    expected: 3,
  },
  {
    name: "top-level await",
    module:
      "const table = await Promise.resolve(new Map([['a', 1]])); const twice = await (async () => (x: number) => x * 2)();",
    body: "return (k: string) => [table.get(k), twice(4)];",
    args: ["a"],
    expected: [1, 8],
  },
  {
    name: "template literals, optional chaining, nullish",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the job's source is what is in the string
    body: "const o: { a?: { b: number } } = { a: { b: 2 } }; const t = '>'; return (x?: number) => `${t}${o.a?.b ?? 'none'}${[1].map((y) => `${y}${t}`)}${x ?? 'x'}`;",
    expected: ">21>x",
  },
  {
    name: "comments that look like code",
    body: "const n = 1; /* => { } */ return (x: number) => /* a */ x + n; // end",
    args: [1],
    expected: 2,
  },
  {
    name: "regular expressions and division",
    body: "const r = /[/}]\\)/g; const d = 4; return (s: string) => [s.replace(r, ''), d / 2 / 1];",
    args: ["a/)b"],
    expected: ["ab", 2],
  },
  {
    name: "an object returned by an arrow",
    body: "const k = 'v'; return (x: number) => ({ [k]: x, k });",
    args: [1],
    expected: { v: 1, k: "v" },
  },
  {
    name: "comma, conditional and logical around functions",
    body: "const n = 1; const f = (0, (x: number) => x + n); const g = n ? (x: number) => x * 2 : f; const h = null ?? ((x: number) => g(f(x))); return h;",
    args: [1],
    expected: 4,
  },
  {
    name: "new of a class expression",
    body: "return (x: number) => new (class { v = x; })().v;",
    args: [2],
    expected: 2,
  },
  {
    name: "new of a class expression on the driver",
    body: "const v = new (class { v = 4; })().v; const w = new (function (this: any) { this.w = 1; } as any)().w; return () => v + w;",
    expected: 5,
  },
  {
    name: "a tagged template and a call of a function expression",
    body: "const k = 1; const v = ((s: TemplateStringsArray) => s[0])`a`; const w = (function (this: any) { return this.n; }).call({ n: 2 }); return () => [v, w, k];",
    expected: ["a", 2, 1],
  },
  {
    name: "exponent, await and yield with functions",
    body: "const fs = [...(function* () { yield (x: number) => x ** 2; })()]; return fs[0];",
    args: [3],
    expected: 9,
  },
  {
    name: "decorators",
    module:
      "function logged(value: any, _context: any) { return function (this: any, ...a: any[]) { return value.apply(this, a) + 1; }; } class D { @logged m() { return 1; } }",
    body: "return () => new D().m();",
    expected: 2,
  },
  {
    name: "using declarations",
    body: "return () => { const log: string[] = []; { using r = { [Symbol.dispose]() { log.push('x'); } }; log.push('in'); } return log; };",
    expected: ["in", "x"],
  },
  {
    name: "accessors and private methods",
    module: "class C { #n = 1; #bump() { return ++this.#n; } get next() { return this.#bump(); } accessor z = 4; }",
    body: "return () => { const c = new C(); return [c.next, c.z]; };",
    expected: [2, 4],
  },
  {
    name: "a name of the language's own",
    body: "const named = (x: number) => x; const o = { key: () => 1 }; return () => [named.name, o.key.name];",
    expected: ["named", "key"],
  },
  {
    name: "names of classes, also when another file has the same",
    module:
      "import { other } from './o.ts'; class P { static of() { return new P(); } } class Named { static name = 'mine'; static of() { return new Named(); } }",
    body: "class L { static of() { return new L(); } } return () => [P.name, other.constructor.name, Named.name, L.name];",
    files: { "o.ts": "class P { static of() { return new P(); } } export const other = P.of();" },
    expected: ["P", "P", "mine", "L"],
  },
  {
    name: "a nameless default class keeps the name that the language gives it",
    module: "import Row from './row.ts';",
    body: "const r = new Row(); return () => [r.constructor.name, r instanceof Row, r.v];",
    files: { "row.ts": "export default class { v = 1; }" },
    expected: ["default", true, 1],
  },
  {
    name: "a method named __proto__",
    body: "return () => Object.getPrototypeOf({ __proto__() { return 1; } }) === Object.prototype;",
    expected: true,
  },
  {
    name: "variables of a block at the top of a module",
    module: "const fs: ((x: number) => number)[] = []; for (const k of [1, 2]) { fs.push((x) => x + k); }",
    body: "return fs[1];",
    args: [10],
    expected: 12,
  },
  {
    name: "a CommonJS helper",
    module: "import helper from './helper.cjs';",
    body: "return (s: string) => helper.loud(s);",
    files: {
      "helper.cjs":
        "'use strict'; const path = require('node:path'); exports.loud = (s) => path.basename(s).toUpperCase();",
    },
    args: ["/a/b"],
    expected: "B",
  },
  {
    name: "a JSON import",
    module: "import words from './words.json' with { type: 'json' };",
    body: "return () => words.stop;",
    files: { "words.json": '{"stop":["the"]}' },
    expected: ["the"],
  },
  {
    name: "a dynamic import of a helper",
    body: "const { twice } = await import('./lazy.ts'); return twice;",
    files: { "lazy.ts": "const k = 2; export const twice = (x: number) => [x].map((y) => y * k)[0];" },
    args: [3],
    expected: 6,
  },
  {
    name: "unicode",
    body: "const größe = '😀'; return (名: string) => größe + 名 + '\\ud83d';",
    args: ["字"],
    expected: "😀字\ud83d",
  },
  {
    name: "compound assignment within",
    body: "const xs = [1, 2]; return () => { let s = 0; for (const x of xs) s += x; xs.forEach((x) => { s += x; }); return s; };",
    expected: 6,
  },
  {
    name: "millrace's own functions",
    module: "import { seconds } from 'millrace';",
    body: "return (x: number) => seconds(x);",
    args: [2],
    expected: 2000,
  },
  {
    name: "millrace's own function handed over",
    module: "import { seconds } from 'millrace';",
    body: "return seconds;",
    args: [2],
    expected: 2000,
  },
  {
    name: "a function of a built-in module handed over",
    module: "import { basename } from 'node:path';",
    body: "return basename;",
    args: ["/a/b"],
    expected: "b",
  },
  {
    name: "a member of a namespace import handed over",
    module: "import * as path from 'node:path';",
    body: "const base = path.basename; return (s: string) => base(s);",
    args: ["/a/b"],
    expected: "b",
  },
];

function jobText({ module = "", body }: Case): string {
  return `import { defineJob } from "millrace";\n${module}\nexport default defineJob({ name: "case", batchInterval: "1s" }, async () => {\n${body}\n});\n`;
}

describe("a function is the same on an executor", () => {
  test.each(CASES)("$name", async (one) => {
    lab = await openLab({ "job.ts": jobText(one), ...one.files });
    const { build } = lab.job as { build: Callable };
    const original = (await build()) as Callable;
    const shipped = lab.ship(original) as Callable;
    if (lab.driver.tags.has(original)) expect(shipped).not.toBe(original); // it comes from the executors' build
    for (const fn of [original, shipped]) {
      const result = await settle(fn(...(one.args ?? [])));
      if (typeof one.expected === "string" && one.expected.startsWith("call ")) {
        const [, arg, expected] = one.expected.split(" ").map(Number);
        expect((result as Callable)(arg)).toBe(expected);
        continue;
      }
      if (one.expected === "live") {
        expect(result).toBe(2); // each process has a counter of its own
        continue;
      }
      expect(result).toEqual(one.expected);
    }
  });
});
