import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { NumberSource } from "./number-source.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** A source of numbers, and a job that saves what its connector of a class reads. */
async function world(kind: string, master: string, conf: readonly string[] = []) {
  const directory = await mkdtemp(join(tmpdir(), "millrace-connectors-"));
  later(() => rm(directory, { recursive: true, force: true }));
  const source = await NumberSource.listen();
  later(() => source.close());
  const settings = conf.flatMap((setting) => ["--conf", setting]);
  const args = [...settings, "--master", master, "--", directory, String(source.port), kind];
  return {
    directory,
    source,
    start: (): TestProcess => {
      const job = TestProcess.millrace(["run", jobFile("connectors"), ...args]);
      later(() => job.end());
      return job;
    },
    /** The numbers of the committed batches of an output, batch by batch. */
    saved: async (output: string): Promise<readonly number[][]> => {
      const names = await readdir(join(directory, "out")).catch(() => []);
      const batches = names.filter((name) => name.startsWith(`${output}-`)).sort();
      return Promise.all(batches.map((name) => numbersIn(join(directory, "out", name))));
    },
  };
}

async function numbersIn(directory: string): Promise<number[]> {
  const files = (await readdir(directory)).filter((file) => file.startsWith("part-"));
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), "utf8")));
  return texts.flatMap((text) => text.split("\n").filter(Boolean).map(Number)).sort((a, b) => a - b);
}

const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, i) => i);

describe("everything is killed with SIGKILL at once, and started again by the same command", () => {
  test.each(["local[2]", "local-cluster[2,1]"])(
    "a reliable source with the received log: what it acknowledged is counted, and nothing twice: %s",
    async (master) => {
      const here = await world("reliable", master, ["receiver.log=on"]);
      const { source } = here;
      for (let round = 1; round <= 3; round++) {
        const job = here.start();
        await source.until(() => source.connections >= round);
        // Right after an acknowledgement, batches have not processed all of it.
        for (let burst = 1; burst <= 5; burst++) {
          source.make(100);
          const { end } = source;
          await source.until(() => source.acknowledged === end - 1);
        }
        source.make(50); // some of these are under way
        job.signal("SIGKILL");
        await job.ended;
      }
      const job = here.start();
      await source.until(() => source.acknowledged === source.end - 1);
      job.signal("SIGINT");
      expect((await job.ended).code).toBe(0);
      const saved = await here.saved("numbers");
      expect(saved.flat().sort((a, b) => a - b)).toEqual(upTo(source.end));
      // Windows look back over the kills: each is what the batches of its last 600 ms have.
      for (const [i, window] of (await here.saved("window")).entries()) {
        const recent = saved.slice(Math.max(0, i - 2), i + 1).flat();
        expect(window).toEqual(recent.sort((a, b) => a - b));
      }
      expect((await readdir(join(here.directory, "checkpoint", "received"))).length).toBeLessThan(4);
    },
  );
});
