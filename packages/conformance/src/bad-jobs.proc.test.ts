import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Neighbour } from "./neighbour.fixture.ts";
import type { Ended } from "./process.fixture.ts";
import { TestCluster } from "./test-cluster.fixture.ts";

// Mistakes in a job's source, reported by the commands that take one; nothing runs, and a cluster is undisturbed.

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

// A job is refused where it is bundled, by the command, or where its body is called, in a thread of the command or in the
// process of its driver. One job of each kind is passed to all three commands; others that are refused at the same place
// are passed to one of them.
describe("run, submit and check refuse with 2", () => {
  test.each([
    [
      "what cannot be bundled: a syntax error, with its line",
      around("  ssc.queueStream([[1]]).print(;"),
      /\[JOB_SYNTAX\].*ts:3:32.*\^/s,
    ],
    [
      "what its graph refuses: an assignment to a captured variable, with its line",
      around("  let n = 0;\n  ssc.queueStream([[1]]).map((x) => (n += x)).print();"),
      /\[FUNCTION_NOT_SHIPPABLE\].*assigns to `n`.*accumulator.*job-\d+\.ts:4:38/s,
    ],
  ])("%s", async (_what, text, says) => {
    const file = await write(text);
    for (const command of [run, submit, check]) expect(await command(file)).toMatchObject(refused(says));
    await neighbour.expectUnharmed();
  });
});

test.each<[string, (file: string) => Promise<Ended>, string, RegExp]>([
  ["a missing default export", run, "export const job = 1;", /\[JOB_NO_DEFAULT_EXPORT\].*export default defineJob/s],
  ["an import that leads nowhere", submit, 'import "./nowhere.ts";', /\[JOB_IMPORT_UNRESOLVED\].*ts:2:8.*nowhere/s],
  [
    "a default export that is no job",
    run,
    "export default { name: defineJob.name };\n",
    /\[NOT_A_JOB\].*Write: export default defineJob/,
  ],
  [
    "what only the value of a captured variable tells",
    submit,
    around("  const socket: object = Promise.resolve(1);\n  ssc.queueStream([[1]]).map((n) => [n, socket]).print();"),
    /\[CAPTURE_NOT_SHIPPABLE\].*socket.*job-\d+\.ts:4:30/s,
  ],
])("%s is refused with 2", async (_what, command, text, says) => {
  expect(await command(await write(text))).toMatchObject(refused(says));
});

test("a job file that is missing is refused with 2", async () => {
  const says = /^\[JOB_FILE_MISSING\] The job file .* cannot be read/m;
  expect(await check(join(folder, "nowhere.ts"))).toMatchObject(refused(says));
});

test("types are for check to refuse: run takes the job", async () => {
  const file = await write(around("  const one: string = 1 as never as number;\n  ssc.queueStream([[one]]).print();"));
  expect(await check(file)).toMatchObject(refused(/\[JOB_TYPES\].*ts:3:9: Type 'number' is not assignable to/s));
  expect(await run(file)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1$/m) });
});
