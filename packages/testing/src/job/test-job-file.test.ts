import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { testJob } from "./test-job.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "millrace-testing-cache-")));
});
afterAll(async () => {
  await rm(process.env.XDG_CACHE_HOME ?? "", { recursive: true, force: true });
  vi.unstubAllEnvs();
});

/** Writes the files and returns the path of `job.ts`. */
async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-testing-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return join(folder, "job.ts");
}

const job = (body: string, above = ""): string => `
  import { defineJob } from "millrace";
  ${above}
  export default defineJob({ name: "from-a-file", batchInterval: "1s" }, (ssc, args) => {
    ${body}
  });
`;

const SOCKET = "localhost:9999";

describe("a job given by its file", () => {
  test("is bundled and lifted: captures are copies, helper files come along", async () => {
    const path = await project({
      "job.ts": job(
        `const [suffix = "!"] = args;
         const seen: string[] = [];
         ssc.socketTextStream("localhost", 9999).map((line) => {
           seen.push(line);
           return shout(line) + suffix + seen.length;
         }).print();
         ssc.socketTextStream("localhost", 9998).foreachRDD(() => console.log(seen.length));`,
        `import { shout } from "./shout.ts";`,
      ),
      "shout.ts": "export const shout = (text: string): string => text.toUpperCase();",
    });
    const t = await testJob(pathToFileURL(path), { args: ["?"] });
    closing.push(() => t.stop());
    t.feed(SOCKET, ["a", "b"]);
    await t.advance("1s");
    expect(t.printed()).toEqual(["A?1", "B?2"]);
    expect(t.log).toEqual(["0"]); // the driver's array is a different one
  });

  test("has its own instance each time, also when two start at once", async () => {
    const path = await project({
      "job.ts": job(
        `ssc.socketTextStream("localhost", 9999).map((line) => line + (count += 1)).print();`,
        "let count = 0;",
      ),
    });
    const jobs = await Promise.all([testJob(path), testJob(path)]);
    for (const t of jobs) {
      closing.push(() => t.stop());
      t.feed(SOCKET, ["a", "b"]);
      await t.advance("1s");
      expect(t.printed()).toEqual(["a1", "b2"]);
    }
  });

  test("is refused for a capture that cannot ship, with the author's line", async () => {
    const path = await project({
      "job.ts": job(`const lines = ssc.socketTextStream("localhost", 9999);
        lines.map((line) => [line, lines]).print();`),
    });
    await expect(testJob(path)).rejects.toThrow(/\[CAPTURE_NOT_SHIPPABLE\].*"lines".*job\.ts:6:19/s);
  });

  test("is refused when it does not parse or does not exist", async () => {
    await expect(testJob(await project({ "job.ts": job("const = 1;") }))).rejects.toThrow("[JOB_SYNTAX]");
    await expect(testJob("no/such/job.ts")).rejects.toThrow("[JOB_FILE_MISSING]");
  });

  test("fails with a stack in the author's file", async () => {
    const path = await project({
      "job.ts": job(`ssc.socketTextStream("localhost", 9999).map((line): string => {
        throw new RangeError(line);
      }).print();`),
    });
    const t = await testJob(path);
    closing.push(() => t.stop());
    t.feed(SOCKET, ["too far"]);
    const error: unknown = await t.advance("1s").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringContaining("RangeError: too far"),
      cause: { stack: expect.stringMatching(/file:\S*\/job\.ts:6:15/) },
    });
  });
});
