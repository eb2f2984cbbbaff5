import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

describe("a job that is killed with SIGKILL and started again by the same command", () => {
  test.each(["local[2]", "local-cluster[2,1]"])(
    "goes on as if nothing had happened, wherever its batch was: %s",
    async (master) => {
      const here = await fileWorld();
      const start = (): TestProcess => {
        const job = TestProcess.millrace(["run", jobFile("restarts"), "--master", master, "--", ...here.args]);
        later(() => job.end());
        later(() => here.gates.open());
        return job;
      };
      let job = start();
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
        job = start();
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
