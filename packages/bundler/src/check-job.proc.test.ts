import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EngineError } from "@millrace/base";
import { afterEach, describe, expect, test } from "vitest";
import { checkJob } from "./check-job.ts";
import { writeFiles } from "./job.fixture.ts";

let folders: string[] = [];
afterEach(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  folders = [];
});

const TYPES = `
export interface Stream<T> { map<U>(f: (value: T) => U): Stream<U>; print(): void }
export interface Context { text(): Stream<string> }
export function defineJob(options: { name: string; batchInterval: string }, build: (ssc: Context, args: string[]) => void): JobDefinition;
export interface JobDefinition { readonly name: string; readonly build: unknown }
`;

const JOB =
  'import { defineJob } from "millrace";\nexport default defineJob({ name: "a", batchInterval: "1s" }, () => {});\n';

async function check(files: Readonly<Record<string, string>>): Promise<EngineError | undefined> {
  const folder = await writeFiles({ ...files, "types/millrace.d.ts": TYPES });
  folders.push(folder);
  const options = { millraceTypes: join(folder, "types/millrace.d.ts") };
  const error: unknown = await checkJob(join(folder, "job.ts"), options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined || error instanceof EngineError) return error;
  throw error;
}

describe("types of a job are checked", () => {
  test("a job on its own, with Node's names and no project around it", async () => {
    const error = await check({
      "job.ts": `import { defineJob } from "millrace";
import { basename } from "node:path";
import { twice } from "./twice.ts";
export default defineJob({ name: "a", batchInterval: "1s" }, (ssc, args) => {
  console.log(process.pid, basename(args[0] ?? ""), structuredClone(1));
  ssc.text().map((line) => twice(line.length)).print();
});
`,
      "twice.ts": "export const twice = (n: number) => n * 2;",
    });
    expect(error).toBeUndefined();
  });

  test("every error is reported with its place, including those in helpers", async () => {
    const error = await check({
      "job.ts": `import { defineJob } from "millrace";
import { twice } from "./twice.ts";
export default defineJob({ name: "a", batchInterval: "1s" }, (ssc) => {
  ssc.text().map((line) => twice(line)).printt();
});
`,
      "twice.ts": "export const twice = (n: number): string => n * 2;",
    });
    expect(error).toMatchObject({ code: "JOB_TYPES", blame: "user" });
    expect(error?.message).toContain("3 type errors");
    expect(error?.message).toContain("job.ts:4:34: Argument of type 'string' is not assignable");
    expect(error?.message).toContain("job.ts:4:41: Property 'printt' does not exist");
    expect(error?.message).toContain("twice.ts:1:45: Type 'number' is not assignable to type 'string'.");
  });

  test.each([
    ["export default 42;", "job.ts:1:1: The default export is of type '42', not what defineJob returns."],
    ["const f = (n: number) => n;\nexport { f as default };", "job.ts:2:10: The default export is of type '(n"],
  ])("a default export that is no job: %j", async (text, problem) => {
    const error = await check({ "job.ts": text });
    expect(error).toMatchObject({ code: "JOB_TYPES" });
    expect(error?.message).toContain(problem);
  });

  test.each([
    ['{ "extends": "./gone.json" }', /tsconfig\.json: Cannot read file '.*gone\.json'\. \(TS5083\)/],
    ['{ "extends": "@acme/gone" }', /tsconfig\.json: File '@acme\/gone' not found\. \(TS6053\)/],
    ['{ "extends": "./tsconfig.json" }', /tsconfig\.json: Circularity detected/],
  ])("the tsconfig around a job, which inherits from nothing that there is: %s", async (tsconfig, problem) => {
    const error = await check({ "job.ts": JOB, "tsconfig.json": tsconfig });
    expect(error).toMatchObject({ code: "JOB_TYPES", blame: "user" });
    expect(error?.message).toContain("1 type error");
    expect(error?.message).toMatch(problem);
  });

  test("options that only another compiler knows are the author's affair", async () => {
    const tsconfig = '{ "compilerOptions": { "strictest": true, "target": "es2099" } }';
    expect(await check({ "job.ts": JOB, "tsconfig.json": tsconfig })).toBeUndefined();
  });

  test("a job that is exported under another name, or with an unknown type, is accepted", async () => {
    const job =
      'import { defineJob } from "millrace";\nconst job = defineJob({ name: "a", batchInterval: "1s" }, () => {});\n';
    expect(await check({ "job.ts": `${job}export { job as default };\n` })).toBeUndefined();
    expect(await check({ "job.ts": `${job}export default job as any;\n` })).toBeUndefined();
  });

  test("declarations of packages are those beside the job, wherever the command is typed", async () => {
    const error = await check({
      "job.ts":
        'import { defineJob } from "millrace";\nexport default defineJob({ name: "a", batchInterval: "1s" }, () => fromHere(1));\n',
      "tsconfig.json": '{ "compilerOptions": { "types": ["node", "here"] } }',
      "node_modules/@types/node/index.d.ts": "",
      "node_modules/@types/here/index.d.ts": "declare function fromHere(n: number): void;\n",
    });
    expect(error).toBeUndefined();
  });

  test("a tsconfig around the job is respected", async () => {
    const job = {
      "job.ts":
        'import { defineJob } from "millrace";\nimport { k } from "@own/k";\nexport default defineJob({ name: "a", batchInterval: "1s" }, function (ssc, args) { const f = (x) => x; f(k); });',
      "own/k.ts": "export const k = 1;",
    };
    const lax = '{ "compilerOptions": { "strict": false, "composite": true, "paths": { "@own/*": ["./own/*"] } } }';
    expect(await check({ ...job, "tsconfig.json": lax })).toBeUndefined();
    expect(await check({ ...job, "tsconfig.json": lax.replace("false", "true") })).toMatchObject({ code: "JOB_TYPES" });
  });
});
