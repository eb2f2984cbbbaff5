import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { type Arrival, GateServer } from "./gate-server.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** The job runs, and its first batch has staged one of its two outputs: a task of the one between stands at a gate. */
async function world() {
  const directory = await mkdtemp(join(tmpdir(), "millrace-commits-"));
  later(() => rm(directory, { recursive: true, force: true }));
  const gates = await GateServer.listen();
  later(() => gates.close());
  const next = (): Promise<Arrival> => gates.hold(({ at }) => at === "between");
  const first = next();
  const args = ["run", jobFile("commits"), "--master", "local-cluster[2,1]", "--", directory, String(gates.port)];
  const job = TestProcess.millrace(args);
  later(() => job.end());
  later(() => gates.open());
  const arrival = await first;
  return {
    directory,
    job,
    next,
    /** The batch whose task stands at the gate; a later one when it has passed. */
    arrival,
    /** Directories of outputs that a user sees. */
    visible: async () => (await readdir(directory)).filter((name) => !name.startsWith(".")).sort(),
    /** The contents of a directory's part files. */
    content: (name: string) => readFile(join(directory, name, "part-00000"), "utf8"),
  };
}

type World = Awaited<ReturnType<typeof world>>;

/** The totals of the batches that are visible, in order: for each of both outputs. */
async function totals({ visible, content }: World): Promise<readonly (readonly string[])[]> {
  const names = await visible();
  const of = (output: string) => Promise.all(names.filter((name) => name.startsWith(output)).map(content));
  return [await of("after"), await of("before")];
}

const LINES = ['["word",1]\n', '["word",2]\n', '["word",3]\n'];

describe("nothing that a batch saves is visible", () => {
  test("while one of its outputs runs; all of it is when the next batch runs", async () => {
    const here = await world();
    expect(await here.visible()).toEqual([]);
    const second = here.next();
    here.arrival.pass();
    await second;
    expect(await totals(here)).toEqual([LINES.slice(0, 1), LINES.slice(0, 1)]);
  });

  test("when the job is killed in mid-batch, and what batches before it have saved stays as it is", async () => {
    const here = await world();
    const second = here.next();
    here.arrival.pass();
    await second;
    here.job.signal("SIGKILL");
    await here.job.ended;
    expect(await totals(here)).toEqual([LINES.slice(0, 1), LINES.slice(0, 1)]);
  });
});

test("state and files of a batch whose executor is killed in mid-batch are those of one run", async () => {
  const here = await world();
  const second = here.next();
  here.arrival.pass();
  const victim = await second; // the state is brought up to the second batch, and its first output is staged
  const again = here.next();
  process.kill(victim.pid, "SIGKILL");
  const retried = await again;
  expect(retried.pid).not.toBe(victim.pid);
  expect(await totals(here)).toEqual([LINES.slice(0, 1), LINES.slice(0, 1)]);
  const third = here.next();
  retried.pass();
  await third;
  expect(await totals(here)).toEqual([LINES.slice(0, 2), LINES.slice(0, 2)]);
});
