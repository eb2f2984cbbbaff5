import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { bundleJob } from "./bundle-job.ts";
import { type Callable, type Lab, openLabIn, writeFiles } from "./job.fixture.ts";
import { checkTypes } from "./type-check.ts";

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
