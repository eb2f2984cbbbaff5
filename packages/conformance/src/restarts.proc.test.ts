import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { GateServer } from "./gate-server.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** A job that counts words of files, its directory, and the gates at which its batches stop. */
async function world(master: string) {
  const directory = await mkdtemp(join(tmpdir(), "millrace-restarts-"));
  later(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, "in"));
  const gates = await GateServer.listen();
  later(() => gates.close());
  const args = ["run", jobFile("restarts"), "--master", master, "--", directory, String(gates.port)];
  const fed: string[] = [];
  const recordsOf = async (name: string): Promise<string[]> => {
    const files = (await readdir(join(directory, "out", name))).filter((file) => file.startsWith("part-"));
    const texts = await Promise.all(files.map((file) => readFile(join(directory, "out", name, file), "utf8")));
    return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  };
  const visible = async (output: string): Promise<string[]> => {
    const names = await readdir(join(directory, "out")).catch(() => []);
    return names.filter((name) => name.startsWith(output)).sort();
  };
  return {
    fed,
    visible,
    start: (): TestProcess => {
      const job = TestProcess.millrace(args);
      later(() => job.end());
      later(() => gates.open());
      return job;
    },
    /** Moves a file with these words into the directory that the job reads. */
    feed: async (...words: readonly string[]): Promise<void> => {
      const name = `file-${fed.length}`;
      fed.push(...words);
      await writeFile(join(directory, name), words.join("\n"));
      await rename(join(directory, name), join(directory, "in", name));
    },
    /** The next batch that has words stands at this gate. */
    stands: (at: string) => gates.hold((arrival) => arrival.at === at),
    /** The words of all batches. */
    words: async () => (await Promise.all((await visible("words")).map(recordsOf))).flat().sort(),
    totals: async () => (await recordsOf((await visible("totals")).at(-1) ?? "")).sort(),
  };
}

/** `a=2`, … */
function countsOf(words: readonly string[]): readonly string[] {
  return [...new Set(words)].map((word) => `${word}=${words.filter((other) => other === word).length}`).sort();
}

describe("a job that is killed with SIGKILL and started again by the same command", () => {
  test.each(["local[2]", "local-cluster[2,1]"])(
    "goes on as if nothing had happened, wherever its batch was: %s",
    async (master) => {
      const here = await world(master);
      let job = here.start();
      await job.says(/running on/);
      for (const [at, words] of [
        ["task", ["a", "b"]],
        ["output", ["a", "c", "c"]],
        ["commit", ["d", "a"]],
      ] as const) {
        const stands = here.stands(at);
        await here.feed(...words);
        await stands; // a batch with these words is under way
        const [saved, counted] = [await here.visible("words"), await here.visible("totals")];
        if (at === "commit") expect(saved.length).toBe(counted.length + 1); // it is cut off in the middle of its commit
        job.signal("SIGKILL");
        await job.ended;
        await here.feed(`${at}-down`); // while nothing runs
        const committed = here.stands("commit");
        job = here.start();
        await job.says(
          at === "commit" ? /resumed from .*, batch \S+ to be committed/ : /resumed from .*, batch \S+ to run again/,
        );
        (await committed).pass();
      }
      await here.feed("e");
      job.signal("SIGINT"); // which reads the directory once more
      expect((await job.ended).code).toBe(0);
      expect(await here.words()).toEqual([...here.fed].sort());
      expect(await here.totals()).toEqual(countsOf(here.fed));
    },
  );
});
