import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "millrace/package.json" with { type: "json" };
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, TestProcess } from "./process.fixture.ts";

// The package as a user has it: packed, and installed by npm in a folder that holds nothing else. Needs the registry, or what npm
// has in its cache.

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "millrace installed-")); // with a space, as many a user's path has one
const project = join(scratch, "project");
const installed = join(project, "node_modules/millrace");

const JOB = `
import { defineJob } from "millrace";

export default defineJob({ name: "words", batchInterval: "200ms" }, (ssc) => {
  ssc
    .queueStream([["to be or", "not to be"]])
    .flatMap((line) => line.split(" "))
    .map((word): [string, number] => [word, 1])
    .reduceByKey((a, b) => a + b)
    .print();
});
`;

const TEST = `
import assert from "node:assert/strict";
import { test } from "node:test";
import { testJob } from "millrace/testing";

test("counts words", async () => {
  const t = await testJob(new URL("./job.ts", import.meta.url));
  await t.advance("200ms");
  assert.deepEqual(new Map(t.printed()).get("be"), 2);
  await t.stop();
});
`;

const settings = (module: object) => ({
  compilerOptions: { strict: true, target: "es2023", noEmit: true, skipLibCheck: false, ...module },
  files: ["job.ts"],
});

const FILES = {
  "package.json": { name: "project", private: true }, // neither module nor commonjs, as `npm init` leaves it
  "job.ts": JOB,
  "job.test.mjs": TEST,
  "nodenext.json": settings({ module: "nodenext" }),
  "bundler.json": settings({ module: "esnext", moduleResolution: "bundler" }),
  "old-node.cjs": 'Object.defineProperty(process, "versions", { value: { node: "16.20.2" } });',
};

beforeAll(async () => {
  mkdirSync(project);
  for (const [name, content] of Object.entries(FILES))
    writeFileSync(join(project, name), typeof content === "string" ? content : JSON.stringify(content));
  await ended("pack", process.execPath, [join(checkout, "scripts/pack.mjs"), "--to", scratch]);
  const tarball = join(scratch, `millrace-${manifest.version}.tgz`);
  await ended("npm install", "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", tarball]);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("installed by npm in an empty folder", () => {
  test("a job runs on executors of their own", async () => {
    const { stdout } = await npx("millrace", "run", "job.ts", "--batches", "1", "--master", "local-cluster[1,1]");
    expect(stdout).toContain("[ 'be', 2 ]");
  });

  test("a job is checked, types included", async () => {
    expect((await npx("millrace", "check", "job.ts")).stdout).toBe("job.ts: no errors\n");
  });

  test("a test of a job passes in Node's runner", async () => {
    await ended("node --test", process.execPath, ["--test", "job.test.mjs"]);
  });

  test.each([
    ["TypeScript 5, nodenext", join(project, "node_modules/typescript-api/bin/tsc"), "nodenext.json"],
    ["TypeScript 7, nodenext", join(checkout, "node_modules/typescript/bin/tsc"), "nodenext.json"],
    ["TypeScript 7, bundler", join(checkout, "node_modules/typescript/bin/tsc"), "bundler.json"],
  ])("%s: no error in a job, nor in any declaration that it reaches", async (name, tsc, tsconfig) => {
    await ended(name, process.execPath, [tsc, "-p", tsconfig]);
  });

  test("a Node that is too old is refused with both versions", async () => {
    const command = new TestProcess(
      ...["millrace on an old Node", process.execPath],
      ["--require", "./old-node.cjs", join(installed, "bin/millrace.js"), "run", "job.ts"],
      { cwd: project },
    );
    const { code, stderr } = await command.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`millrace ${manifest.version} needs Node 20.19 or newer, and this is Node 16.20.2`);
  });

  test("nothing is in it but what runs, and what says what it is", () => {
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(
      files.filter((file) => /\.(test|fixture)\.|\/(bench|examples|conformance)\/|\.map$|(?<!\.d)\.ts$/.test(file)),
    ).toEqual([]);
    expect(files.filter((file) => !/^(bin|dist)\b/.test(file)).sort()).toEqual([
      "LICENSE",
      "README.md",
      "package.json",
    ]);
    const texts = files
      .filter((file) => /\.(js|ts|json|md)$/.test(file))
      .map((file) => readFileSync(join(installed, file), "utf8"));
    expect(texts.filter((text) => /sourceMappingURL=\S+\.map|"millrace-source"|"workspace:/.test(text))).toEqual([]);
  });

  test("every link in its README says where the repository is", () => {
    const links = [...readFileSync(join(installed, "README.md"), "utf8").matchAll(/\]\(([^)]+)\)/g)].map(
      ([, to = ""]) => to,
    );
    expect(links.filter((to) => !/^(https?:|#)/.test(to))).toEqual([]);
  });
});

const npx = (...args: readonly string[]) => ended(args.join(" "), "npx", ["--no-install", ...args]);

async function ended(name: string, command: string, args: readonly string[]): Promise<Ended> {
  const end = await new TestProcess(name, command, args, { cwd: project }).ended;
  expect(end, name).toMatchObject({ code: 0 });
  return end;
}
