import { sameOnAnExecutor } from "./lifting.fixture.ts";

sameOnAnExecutor("the rest of the language", [
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
    name: "comma, conditional and logical around functions",
    body: "const n = 1; const f = (0, (x: number) => x + n); const g = n ? (x: number) => x * 2 : f; const h = null ?? ((x: number) => g(f(x))); return h;",
    args: [1],
    expected: 4,
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
    name: "using declarations",
    body: "return () => { const log: string[] = []; { using r = { [Symbol.dispose]() { log.push('x'); } }; log.push('in'); } return log; };",
    expected: ["in", "x"],
  },
  {
    name: "a name of the language's own",
    body: "const named = (x: number) => x; const o = { key: () => 1 }; return () => [named.name, o.key.name];",
    expected: ["named", "key"],
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
]);
