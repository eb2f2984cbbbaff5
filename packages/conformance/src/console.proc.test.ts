import { millis, SystemClock, type Timer } from "@millrace/base";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** More than pipes and buffers hold. */
const LINES = 20_000;

function talk(master: string, place: string, end: string): TestProcess {
  const run = TestProcess.millrace(["run", jobFile("talkative"), "--master", master, "--", end], {
    env: { TALK_PLACE: place, TALK_LINES: String(LINES) },
  });
  later(() => run.end());
  return run;
}

/** The numbers of the job's lines, in the order they came in. */
function told(text: string): number[] {
  return [...text.matchAll(/^line (\d{6}) x{80}$/gm)].map(([, number]) => Number(number));
}

const all = Array.from({ length: LINES }, (_, i) => i);

describe("what a job writes is all there, in order, when it", () => {
  test.each([
    ["prints on the driver", "local[1]", "driver", "stop", "stdout"],
    ["prints on the driver and its body throws", "local[1]", "driver", "throw", "stdout"],
    ["prints on the driver and a promise rejects that nobody awaits", "local[1]", "driver", "reject", "stdout"],
    ["prints on the driver and calls process.exit", "local[1]", "driver", "exit", "stdout"],
    ["complains on the driver", "local[1]", "errors", "stop", "stderr"],
    ["complains on the driver and calls process.exit", "local-cluster[1,1]", "errors", "exit", "stderr"],
    ["prints while its graph is built", "local[1]", "build", "stop", "stdout"],
    ["prints in an operator", "local[1]", "operator", "stop", "stdout"],
    ["prints in an operator of another process", "local-cluster[1,1]", "operator", "stop", "stderr"],
    ["prints in a receiver", "local[1]", "receiver", "stop", "stdout"],
    ["prints in a receiver of another process", "local-cluster[1,1]", "receiver", "stop", "stderr"],
  ] as const)("%s, on %s", async (_, master, place, end, stream) => {
    const ended = await talk(master, place, end).ended;
    expect(told(ended[stream])).toEqual(all);
    expect(told(ended[stream === "stdout" ? "stderr" : "stdout"])).toEqual([]);
  });

  test("prints in module-level code, which every thread evaluates", async () => {
    const { stdout } = await talk("local[1]", "module", "stop").ended;
    expect(told(stdout).sort((a, b) => a - b)).toEqual(all.flatMap((n) => [n, n]));
  });
});

test("a slow reader gets all of it, and holds up the job rather than filling memory", async () => {
  const run = talk("local[1]", "driver", "stop");
  const { stdout } = run.child;
  stdout?.pause();
  await run.says(/^talking$/);
  stdout?.resume();
  expect(told((await run.ended).stdout)).toEqual(all);
});

test("a reader that has stopped reading does not keep a job from being stopped at once, and what is cut is said", async () => {
  const run = talk("local[1]", "driver", "stop");
  run.child.stdout?.pause();
  await run.says(/^talking$/);
  run.signal("SIGINT");
  await run.says(/Ctrl-C again stops at once/);
  // Two signals within the blink of an eye are one press: the second one goes on until it is heard as such.
  const clock = new SystemClock();
  const press = (): Timer =>
    clock.after(millis(500), () => {
      run.signal("SIGINT");
      pressing = press();
    });
  let pressing = press();
  await new Promise((resolve) => run.child.once("exit", resolve));
  pressing.cancel();
  run.child.stdout?.resume();
  const { code, stdout, stderr } = await run.ended;
  expect(code).toBe(130);
  expect(told(stdout).length).toBeLessThan(LINES);
  expect(stderr).toMatch(/of output was dropped/);
});

describe("the log of a job on a cluster", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start({ executors: 1, slots: 1, env: { TALK_LINES: String(LINES) } });
  });
  afterAll(() => cluster.stop());

  test("has all of it", async () => {
    const job = await cluster.submit("talkative", ["exit", "driver"]);
    await job.ended;
    expect(told(job.log.all.join("\n"))).toEqual(all);
  });

  test("keeps what the engine says apart from what the job writes", async () => {
    const { id, ended } = await cluster.submit("talkative", ["throw", "errors"]);
    await ended;
    const { stdout } = await cluster.command("logs", id);
    expect(stdout).toMatch(/^talking\n(line \d{6} x+\n)+$/);
    expect(told(stdout)).toEqual(all);
    const { stdout: json } = await cluster.command("logs", id, "--json", "--engine");
    const entries: unknown[] = json
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(entries).toContainEqual({ time: expect.any(String), stream: "stderr", text: "talking" });
  });
});
