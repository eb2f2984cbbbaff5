import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const page = join(root, "docs/testing.md");
// Real paths, because the runners report those.
const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-testing-page-")));
const built = join(folder, "built");
afterAll(() => rmSync(folder, { recursive: true }));

/** The page's examples, by the file name in their first line. */
function examples(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, text = ""] of readFileSync(page, "utf8").matchAll(/^```ts\n(.*?)^```$/gms)) {
    const name = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1];
    if (name === undefined) throw new Error(`an example of ${page} does not begin with // NAME.ts:\n${text}`);
    found.set(name, text);
  }
  return found;
}

/** The matching commands of the page's shell blocks, split into words. */
function commands(which: RegExp): string[][] {
  const blocks = [...readFileSync(page, "utf8").matchAll(/^```sh\n(.*?)^```$/gms)];
  return blocks
    .flatMap(([, text = ""]) => text.split("\n"))
    .filter((line) => which.test(line))
    .map((line) => line.split(" "));
}

async function run(...args: readonly string[]): Promise<string> {
  const { NODE_OPTIONS: _, VITEST: __, NODE_TEST_CONTEXT: ___, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...env, XDG_CACHE_HOME: join(folder, "cache") } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`node ${args.join(" ")} exited with ${code}:\n${output}`);
  return output;
}

beforeAll(() => {
  for (const [name, text] of examples()) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const compilerOptions = {
    strict: true,
    module: "nodenext",
    target: "es2023",
    types: ["node"],
    skipLibCheck: true,
    rewriteRelativeImportExtensions: true,
    outDir: built,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const packages = {
    millrace: "packages/millrace",
    vitest: "node_modules/vitest",
    "@types/node": "node_modules/@types/node",
  };
  for (const [name, path] of Object.entries(packages)) {
    mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
    symlinkSync(realpathSync(join(root, path)), join(folder, "node_modules", name));
  }
});

test("the examples of the page on testing compile", async () => {
  await run(join(root, "node_modules/typescript/bin/tsc"), "--project", folder);
});

test("and pass, under vitest", async () => {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const output = await run(vitest, "run", "--root", folder, "--exclude", "**/*.node.test.*", "--exclude", "built");
  const files = [...examples().keys()].filter((name) => /(?<!\.node)\.test\.ts$/.test(name));
  expect(files.length).toBeGreaterThan(5);
  expect(output).toContain(`${files.length} passed`);
});

test("and under node:test, by the commands of the page, in a project with a tsconfig.json", async () => {
  const [compile = [], start = []] = commands(/^(?:npx tsc|node --test) /);
  expect(compile).toContain("tsc");
  await run(join(root, "node_modules/typescript/bin/tsc"), ...compile.slice(2));
  expect(await run(...start.slice(1))).toMatch(/pass 1\b/);
});
