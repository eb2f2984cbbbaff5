import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** A directory into which files are moved as they are: complete. */
async function inbox() {
  const directory = await mkdtemp(join(tmpdir(), "millrace-files-"));
  later(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, "text"));
  await mkdir(join(directory, "points"));
  const move = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(join(directory, dirname(path)), { recursive: true });
    await writeFile(join(directory, "written"), content);
    await rename(join(directory, "written"), join(directory, path));
  };
  return { directory, move };
}

interface RunOptions {
  readonly job?: string;
  readonly conf?: readonly string[];
  readonly args?: readonly string[];
}

function run(directory: string, master: string, options: RunOptions = {}): TestProcess {
  const { job = "files", conf = [], args = [] } = options;
  const process = TestProcess.millrace(["run", jobFile(job), "--master", master, ...conf, "--", directory, ...args]);
  later(() => process.end());
  return process;
}

describe.each(["local[2]", "local-cluster[2,1]"])("on %s", (master) => {
  test("files are read as they are moved in: lines, what a decoder makes of each, records of one length", async () => {
    const { directory, move } = await inbox();
    await move("days/mon/mail/old", "already there");
    await move("text/old", "not read");
    const job = run(directory, master);
    await job.says(/running on/);
    await job.says(/^size 13$/);
    await move("days/tue/web/new", new Uint8Array(700_000));
    await move("text/new", "one\ntwo\n");
    await move("points/new", Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 1, 0]));
    await Promise.all(
      [/^size 700000$/, /^text one$/, /^text two$/, /^point 1 2$/, /^point -1 256$/].map((line) => job.says(line)),
    );
    job.signal("SIGINT");
    const { code, stdout } = await job.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain("not read");
  });

  test("the files beside one that vanishes are in the next batch, when the job goes on", async () => {
    const { directory } = await inbox();
    const watched = join(directory, "in");
    await mkdir(watched);
    const gone = join(watched, "lot", "2");
    const conf = ["--conf", "batch.failure=continue"];
    const job = run(join(watched, "*"), master, { job: "vanishing", conf, args: [gone] });
    await job.says(/^lines 0$/);
    await mkdir(join(directory, "lot"));
    for (let i = 0; i < 5; i += 1) await writeFile(join(directory, "lot", String(i)), `line of ${i}\n`);
    await rename(join(directory, "lot"), join(watched, "lot")); // in one batch
    await job.says(/^lines 4$/);
    job.signal("SIGINT");
    const { stderr } = await job.ended;
    expect(stderr).toMatch(/failed because of the file .*lot\/2 \(FILE_NOT_FOUND\).* rereads: .*lot\/0, /);
    expect(stderr).toMatch(/failed because of the file .*its files are not reread: .*lot\/2\./);
  });
});

test("a file with a part of a record ends the job, by its name", async () => {
  const { directory, move } = await inbox();
  const job = run(directory, "local[1]");
  await job.says(/running on/);
  await move("points/odd", new Uint8Array(12));
  const { code, stderr } = await job.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/\[BAD_RECORD_LENGTH\] the file .*points\/odd has 12 bytes/);
});
