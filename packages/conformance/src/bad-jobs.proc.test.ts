import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Neighbour } from "./neighbour.fixture.ts";
import type { Ended } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

// What is wrong with a job as it is written, told by the commands that take one; nothing runs, and a cluster does not mind.

let cluster: TestCluster;
let neighbour: Neighbour;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-bad-"));
  cluster = await TestCluster.start({ executors: 1, slots: 1 });
  neighbour = await Neighbour.in(cluster);
});

afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

let files = 0;

/** Writes a job; its first line is the import. */
async function write(text: string): Promise<string> {
  files += 1;
  const path = join(folder, `job-${files}.ts`);
  await writeFile(path, `import { defineJob } from "millrace";\n${text}`);
  return path;
}

/** A job around the body of its `build`, which begins in line 3. */
const around = (body: string): string =>
  `export default defineJob({ name: "wrong", batchInterval: "100ms" }, (ssc) => {\n${body}\n});\n`;

const run = (file: string): Promise<Ended> => cluster.command("run", file, "--master", "local[1]", "--batches", "1");
const submit = (file: string): Promise<Ended> => cluster.command("submit", file);
const check = (file: string): Promise<Ended> => cluster.command("check", file);

const refused = (says: RegExp) => ({ code: 2, stdout: "", stderr: expect.stringMatching(says) });

describe("run, submit and check refuse with 2", () => {
  test.each([
    ["a syntax error, with its line", around("  ssc.queueStream([[1]]).print(;"), /\[JOB_SYNTAX\].*ts:3:32.*\^/s],
    ["a missing default export", "export const job = 1;", /\[JOB_NO_DEFAULT_EXPORT\].*export default defineJob/s],
    ["an import that leads nowhere", 'import "./nowhere.ts";', /\[JOB_IMPORT_UNRESOLVED\].*ts:2:8.*nowhere/s],
    [
      "an assignment to a captured variable, with its line",
      around("  let n = 0;\n  ssc.queueStream([[1]]).map((x) => (n += x)).print();"),
      /\[FUNCTION_NOT_SHIPPABLE\].*assigns to `n`.*accumulator.*job-\d+\.ts:4:38/s,
    ],
  ])("%s", async (_what, text, says) => {
    const file = await write(text);
    expect(await run(file)).toMatchObject(refused(says));
    expect(await submit(file)).toMatchObject(refused(says));
    expect(await check(file)).toMatchObject(refused(says));
    await neighbour.expectUnharmed();
  });

  test.each([
    ["that is missing", () => join(folder, "nowhere.ts")],
    ["that is a folder", () => folder],
  ])("a job file %s", async (_what, path) => {
    const says = /^\[JOB_FILE_MISSING\] The job file .* cannot be read/m;
    expect(await run(path())).toMatchObject(refused(says));
    expect(await submit(path())).toMatchObject(refused(says));
    expect(await check(path())).toMatchObject(refused(says));
  });

  test("a default export that is no job", async () => {
    const file = await write("export default { name: defineJob.name };\n");
    expect(await run(file)).toMatchObject(refused(/\[NOT_A_JOB\].*Write: export default defineJob/));
    expect(await submit(file)).toMatchObject(refused(/\[NOT_A_JOB\].*Write: export default defineJob/));
    expect(await check(file)).toMatchObject(refused(/\[JOB_TYPES\].*ts:2:1: The default export is of type/s));
  });
});

test("what only the value of a captured variable tells is refused as well", async () => {
  const file = await write(
    around("  const socket: object = Promise.resolve(1);\n  ssc.queueStream([[1]]).map((n) => [n, socket]).print();"),
  );
  const says = /\[CAPTURE_NOT_SHIPPABLE\].*socket.*job-\d+\.ts:4:30/s;
  expect(await run(file)).toMatchObject(refused(says));
  expect(await submit(file)).toMatchObject(refused(says));
  expect(await check(file)).toMatchObject(refused(says));
});

test("types are for check to refuse: run and submit take the job", async () => {
  const file = await write(around("  const one: string = 1 as never as number;\n  ssc.queueStream([[one]]).print();"));
  expect(await check(file)).toMatchObject(refused(/\[JOB_TYPES\].*ts:3:9: Type 'number' is not assignable to/s));
  expect(await run(file)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1$/m) });
  const { code, stdout } = await submit(file);
  expect(code).toBe(0);
  expect(await cluster.command("kill", stdout.trim())).toMatchObject({ code: 0 });
});

test.each([
  [["--mastr", "local"], /^\[BAD_USAGE\] unknown option '--mastr' \(Did you mean --master\?\)/],
  [["--master", "local[none]"], /^\[BAD_MASTER\].*"local\[none\]".*Write local, local\[N\]/],
  [["--master", "spark://here:7077"], /^\[BAD_MASTER\].*millrace submit JOB --driver HOST:PORT/],
  [["--conf", "batch.failur=stop"], /^\[BAD_CONFIGURATION\].*did you mean batch\.failure/],
])("run refuses %j with 2 before it looks at the job", async (options, says) => {
  expect(await cluster.command("run", jobFile("ticks"), ...options)).toMatchObject(refused(says));
});
