import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { fileWorld } from "./file-world.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test("a sink is written exactly once, wherever the job, or an executor of it, is killed", async () => {
  const here = await fileWorld();
  const [directory = ""] = here.args;
  const start = (): TestProcess => {
    const args = ["run", jobFile("ledger"), "--master", "local-cluster[2,1]", "--", ...here.args];
    const job = TestProcess.millrace(args);
    later(() => job.end());
    later(() => here.gates.open());
    return job;
  };
  const written = async (hidden: boolean): Promise<string[]> => {
    const names = await readdir(join(directory, "ledger"), { recursive: true });
    const files = names.filter((name) => (hidden ? /^\.words\// : /^words-/).test(name));
    const texts = await Promise.all(files.map((name) => readFile(join(directory, "ledger", name), "utf8")));
    return texts.flatMap((text) => text.split("\n").filter(Boolean)).sort();
  };
  const printed: string[] = [];
  let job = start();
  await job.says(/running on/);

  const lost = here.stands("task");
  const repeated = here.stands("after commit");
  await here.feed("an", "executor");
  process.kill((await lost).pid, "SIGKILL"); // the attempt is gone, and its batch goes on
  (await repeated).pass();

  for (const [at, words] of [
    ["task", ["a", "b"]],
    ["before commit", ["a", "c", "c"]],
    ["after commit", ["d", "a"]],
  ] as const) {
    const stands = here.stands(at);
    await here.feed(...words);
    await stands;
    const saved = await written(false);
    expect(saved.includes("d")).toBe(at === "after commit"); // and the log does not know of it
    if (at === "before commit") expect(await written(true)).toEqual(["a", "c", "c"]);
    job.signal("SIGKILL");
    printed.push((await job.ended).stdout);
    const again = here.stands("after commit");
    job = start();
    await job.says(at === "task" ? /resumed from .*, batch \S+ to run again/ : /batch \S+ to be committed/);
    (await again).pass();
  }
  await here.feed("e");
  job.signal("SIGINT"); // which reads the directory once more
  const { code, stdout } = await job.ended;
  expect(code).toBe(0);
  expect(await written(false)).toEqual([...here.fed].sort());
  expect(await written(true)).toEqual([]);
  const ids = [...printed, stdout].join("").match(/^ledger\.[0-9a-f]{12}\/foreachRDD-0\/\d+(?=: )/gm) ?? [];
  expect(new Set(ids).size).toBe(5); // one of each batch with words, however often it ran
});
