import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { bundleJob } from "./bundle-job.ts";
import { writeEditorSettings } from "./editor-settings.ts";
import { type Callable, type Lab, openLabIn, writeFiles } from "./job.fixture.ts";
import { settingsAround } from "./job-settings.ts";
import { checkTypes } from "./type-check.ts";

const run = promisify(execFile);
const checkout = fileURLToPath(new URL("../../..", import.meta.url));
let folder: string | undefined;
let lab: Lab | undefined;
afterEach(async () => {
  await lab?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  lab = undefined;
  folder = undefined;
});

const TYPES = `
export function defineJob(options: object, build: () => void): JobDefinition;
export interface JobDefinition { readonly build: unknown }
`;

/** A workspace of npm or pnpm: a job in one package, which imports another's TypeScript through a link in node_modules. */
const WORKSPACE = {
  "package.json": '{ "workspaces": ["packages/*"] }',
  "packages/clicks/package.json":
    '{ "name": "@acme/clicks", "type": "module", "exports": { ".": "./src/index.ts", "./*": "./src/*.ts" } }',
  "packages/clicks/src/index.ts":
    'import { trim } from "./trim.ts";\nexport const parse = (line: string): string => trim(line).toUpperCase();\n',
  "packages/clicks/src/trim.ts": "export const trim = (s: string): string => s.trim();\n",
};

async function link(root: string, from: string, to: string): Promise<void> {
  await mkdir(dirname(join(root, from)), { recursive: true });
  await symlink(join(root, to), join(root, from), "dir");
}

describe("a package of the same workspace", () => {
  const JOB =
    'import { parse } from "@acme/clicks";\nimport { trim } from "@acme/clicks/trim";\nexport default () => [parse, (line: string) => trim(parse(line))];\n';

  test.each([
    ["hoisted, as npm links it", "node_modules/@acme/clicks"],
    ["beside the job, as pnpm links it", "packages/job/node_modules/@acme/clicks"],
  ])("is the author's own, %s: it is bundled and its functions are lifted", async (_, at) => {
    folder = await writeFiles({ ...WORKSPACE, "packages/job/job.ts": JOB });
    await link(folder, at, "packages/clicks");
    lab = await openLabIn(folder, "packages/job/job.ts");
    expect(lab.artefact.manifest.files).toEqual(["job.ts", "../clicks/src/index.ts", "../clicks/src/trim.ts"]);
    expect(lab.artefact.manifest.externals).toEqual([]);
    const shipped = ((lab.job as Callable)() as unknown[]).map((one) => lab?.ship(one) as Callable);
    expect(shipped.map((one) => one(" ab "))).toEqual(["AB", "AB"]);
  });

  test("has its types checked with the job's", async () => {
    folder = await writeFiles({
      ...WORKSPACE,
      "packages/job/job.ts":
        'import { defineJob } from "millrace";\nimport { parse } from "@acme/clicks";\nexport default defineJob({}, () => { const n: number = parse("a"); console.log(n); });\n',
      "millrace.d.ts": TYPES,
    });
    await link(folder, "node_modules/@acme/clicks", "packages/clicks");
    await expect(
      checkTypes(join(folder, "packages/job/job.ts"), { millraceTypes: join(folder, "millrace.d.ts") }),
    ).rejects.toThrow("job.ts:3:44: Type 'string' is not assignable to type 'number'");
  });
});

describe("path aliases of the tsconfig", () => {
  const FILES = {
    "tsconfig.base.json":
      '{ "compilerOptions": { "strict": true, "paths": { "@lib/*": ["./libs/*"], "~shared": ["./libs/shared.ts"] } } }',
    "apps/clicks/tsconfig.json": '{ // comments are allowed\n "extends": "../../tsconfig.base.json" }',
    "apps/clicks/job.ts":
      'import { defineJob } from "millrace";\nimport { up } from "@lib/up.ts";\nimport { shared } from "~shared";\nexport default defineJob({}, () => { [up("a"), shared].join(); });\n',
    "libs/up.ts": "export const up = (s: string): string => s.toUpperCase();\n",
    "libs/shared.ts": 'export const shared = "first";\n',
    "libs/other.ts": 'export const shared = "second";\n',
    "millrace.d.ts": TYPES,
  };

  test("hold where another tsconfig inherits them", async () => {
    folder = await writeFiles(FILES);
    const artefact = await bundleJob(join(folder, "apps/clicks/job.ts"));
    expect(artefact.manifest.files).toEqual(["job.ts", "../../libs/shared.ts", "../../libs/up.ts"]);
    await checkTypes(join(folder, "apps/clicks/job.ts"), { millraceTypes: join(folder, "millrace.d.ts") });
  });

  test("are followed by the cache when they change where they are inherited from", async () => {
    folder = await writeFiles(FILES);
    const options = { cacheDir: join(folder, ".cache") };
    const file = join(folder, "apps/clicks/job.ts");
    expect((await bundleJob(file, options)).driver).toContain('"first"');
    await writeFile(join(folder, "tsconfig.base.json"), FILES["tsconfig.base.json"].replace("shared.ts", "other.ts"));
    expect((await bundleJob(file, options)).driver).toContain('"second"');
  });

  test("may come later from a file that is not there yet", async () => {
    folder = await writeFiles({ "tsconfig.json": '{ "extends": ["./later.json", "./later/base"] }', "job.ts": "" });
    const watched = settingsAround([join(folder, "job.ts")]);
    expect(watched).toEqual(expect.arrayContaining([join(folder, "later.json"), join(folder, "later/base.json")]));
  });
});

test("what a .env file holds, and the environment of whoever bundles, are not in the artefact", async () => {
  folder = await writeFiles({
    "job.ts": "const key = process.env.MILLRACE_TEST_KEY ?? 'none';\nexport default () => [key, process.env];\n",
    ".env": "MILLRACE_TEST_KEY=from-the-file-8131\n",
    "package.json": "{}",
  });
  process.env.MILLRACE_TEST_KEY = "from-the-environment-8131";
  try {
    const { driver, executor, manifest } = await bundleJob(join(folder, "job.ts"));
    expect(JSON.stringify([driver, executor, manifest])).not.toMatch(/8131/);
    const maps = [driver, executor].map((text) => Buffer.from(text.split("base64,").at(-1) ?? "", "base64").toString());
    expect(maps.join()).not.toMatch(/8131/);
  } finally {
    delete process.env.MILLRACE_TEST_KEY;
  }
});

describe("a single file", () => {
  const JOB =
    'import { basename } from "node:path";\nimport { defineJob } from "millrace";\nexport default defineJob({}, () => { basename("a"); });\n';
  /** What an editor would underline. */
  const tsc = (cwd: string) =>
    run(process.execPath, [join(checkout, "node_modules/typescript/bin/tsc")], { cwd }).then(
      () => "",
      ({ stdout }: { readonly stdout: string }) => stdout,
    );

  test("has its types known to an editor by the tsconfig that is written for it, and no other file", async () => {
    folder = await writeFiles({ "jobs/job.ts": JOB, "types/millrace.d.ts": TYPES });
    const jobs = join(folder, "jobs");
    expect(await tsc(jobs)).not.toBe("");
    const written = writeEditorSettings(jobs, join(folder, "types/millrace.d.ts"));
    expect(written).toEqual({ file: join(jobs, "tsconfig.json"), local: true });
    expect(await tsc(jobs)).toBe("");
    await writeFile(join(jobs, "job.ts"), JOB.replace('"a"', "1"));
    expect(await tsc(jobs)).toContain("job.ts(3,47): error TS2345");
  });

  test("in a project that has millrace installed gets a tsconfig that names no place of this machine", async () => {
    folder = await writeFiles({
      "job.ts": JOB,
      "node_modules/millrace/package.json": '{ "name": "millrace", "types": "index.d.ts" }',
      "node_modules/millrace/index.d.ts": TYPES,
      "node_modules/@types/node/package.json": '{ "name": "@types/node", "types": "index.d.ts" }',
      "node_modules/@types/node/index.d.ts":
        'declare module "node:path" { export function basename(s: string): string }',
    });
    expect(writeEditorSettings(folder, "/unused.d.ts").local).toBe(false);
    expect(await readFile(join(folder, "tsconfig.json"), "utf8")).not.toMatch(/paths|typeRoots|\/unused/);
    expect(await tsc(folder)).toBe("");
  });

  test("that has a tsconfig keeps it, and its author learns what to add", async () => {
    folder = await writeFiles({ "tsconfig.json": "mine" });
    const write = () => writeEditorSettings(folder ?? "", "/there/index.d.ts");
    expect(write).toThrow(/\[TSCONFIG_EXISTS\].*left as it is.*"paths":\{"millrace":\["\/there\/index\.d\.ts"\]\}/);
    expect(await readFile(join(folder, "tsconfig.json"), "utf8")).toBe("mine");
  });

  test("whose tsconfig is a link that leads nowhere keeps it as well", async () => {
    folder = await writeFiles({ "job.ts": JOB });
    await symlink("nowhere.json", join(folder, "tsconfig.json"));
    expect(() => writeEditorSettings(folder ?? "", "/there/index.d.ts")).toThrow(/\[TSCONFIG_EXISTS\].*left as it is/);
  });

  test.runIf(existsSync("/proc/self"))("where nothing can be written is refused with the reason", () => {
    expect(() => writeEditorSettings("/proc", "/there/index.d.ts")).toThrow(
      /\[DIRECTORY_UNUSABLE\].*\/proc\/tsconfig\.json cannot be written: ENOENT.*Nothing was written/,
    );
  });
});
