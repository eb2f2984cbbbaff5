import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "millrace/package.json" with { type: "json" };
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LineServer } from "./line-server.fixture.ts";
import { type Ended, TestProcess } from "./process.fixture.ts";

// The packages as a user has them: packed, and installed by npm in a folder that holds nothing else, or in what `npm create` makes.
// Needs the registry, or what npm has in its cache.

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "millrace installed-")); // with a space, as many a user's path has one
const project = join(scratch, "project");
const installed = join(project, "node_modules/millrace");
const sockets = join(scratch, "my clicks");
const files = join(scratch, "my-files");
const oldNode = join(scratch, "old-node.cjs");

/** From the folder of a project: this version is not in the registry. */
const INSTALL = ["install", "--prefer-offline", "--no-audit", "--no-fund", `../millrace-${manifest.version}.tgz`];

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
};

beforeAll(async () => {
  await ended(scratch, process.execPath, join(checkout, "scripts/pack.mjs"), "--to", scratch);
  writeFileSync(oldNode, 'Object.defineProperty(process, "versions", { value: { node: "16.20.2" } });');
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("installed by npm in an empty folder", () => {
  beforeAll(async () => {
    mkdirSync(project);
    for (const [name, content] of Object.entries(FILES))
      writeFileSync(join(project, name), typeof content === "string" ? content : JSON.stringify(content));
    await ended(project, "npm", ...INSTALL);
  });

  test("a job runs on executors of their own", async () => {
    const { stdout } = await npx("millrace", "run", "job.ts", "--batches", "1", "--master", "local-cluster[1,1]");
    expect(stdout).toContain("[ 'be', 2 ]");
  });

  test("a job is checked, types included", async () => {
    expect((await npx("millrace", "check", "job.ts")).stdout).toBe("job.ts: no errors\n");
  });

  test("a test of a job passes in Node's runner", async () => {
    await ended(project, process.execPath, "--test", "job.test.mjs");
  });

  test.each([
    ["TypeScript 5, nodenext", join(project, "node_modules/typescript-api/bin/tsc"), "nodenext.json"],
    ["TypeScript 7, nodenext", join(checkout, "node_modules/typescript/bin/tsc"), "nodenext.json"],
    ["TypeScript 7, bundler", join(checkout, "node_modules/typescript/bin/tsc"), "bundler.json"],
  ])("%s: no error in a job, nor in any declaration that it reaches", async (_, tsc, tsconfig) => {
    await ended(project, process.execPath, tsc, "-p", tsconfig);
  });

  test("a Node that is too old is refused with both versions", async () => {
    const { code, stderr } = await onOldNode(join(installed, "bin/millrace.js"), "run", "job.ts");
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

describe("made by npm create", () => {
  beforeAll(async () => {
    const create = ["exec", "--yes", `--package=./create-millrace-${manifest.version}.tgz`, "--", "create-millrace"];
    await ended(scratch, "npm", ...create, "my clicks", "--no-install");
    await ended(scratch, "npm", ...create, "my-files", "--source", "files", "--test", "node", "--no-install");
    await ended(sockets, "npm", ...INSTALL);
    symlinkSync(join(sockets, "node_modules"), join(files, "node_modules"));
  });

  describe.each([
    ["that reads sockets and is tested by vitest", sockets],
    ["that reads files and is tested by Node", files],
  ])("a new project %s", (_, project) => {
    test("has no type errors, in its job and in what it imports", async () => {
      await ended(project, "npm", "run", "typecheck");
    });

    test("passes its test", async () => {
      await ended(project, "npm", "test");
    });

    test("passes its check", async () => {
      expect((await ended(project, "npm", "run", "check")).stdout).toContain("job.ts: no errors");
    });
  });

  test("a new project depends on the millrace that it was made by", () => {
    const made = JSON.parse(readFileSync(join(files, "package.json"), "utf8"));
    expect(made.dependencies).toEqual({ millrace: manifest.version });
  });

  test("a Node that is too old makes no project, and learns of both versions", async () => {
    const { code, stderr } = await onOldNode(join(checkout, "packages/create-millrace/dist/main.js"));
    expect(code).toBe(1);
    expect(stderr).toContain(`create-millrace ${manifest.version} needs Node 20.19 or newer, and this is Node 16.20.2`);
  });

  test("the job of a new project counts what its source sends", async () => {
    const server = await LineServer.listen();
    const address = ["--", "127.0.0.1", String(server.port)];
    const run = ["node_modules/millrace/bin/millrace.js", "run", "src/job.ts", ...address];
    const job = new TestProcess("run", "node", run, { cwd: sockets });
    await server.connected();
    server.send("GET /cart 503 17\n");
    await job.says(/'\/cart', \{ requests: 1, errors: 1 \}/);
    job.signal("SIGINT");
    expect((await job.ended).code).toBe(0);
    await server.close();
  });
});

const npx = (...args: readonly string[]) => ended(project, "npx", "--no-install", ...args);

function onOldNode(...args: readonly string[]): Promise<Ended> {
  return new TestProcess("on an old Node", process.execPath, ["--require", oldNode, ...args], { cwd: scratch }).ended;
}

async function ended(cwd: string, command: string, ...args: readonly string[]): Promise<Ended> {
  const end = await new TestProcess(args.join(" "), command, args, { cwd }).ended;
  expect(end, args.join(" ")).toMatchObject({ code: 0 });
  return end;
}
