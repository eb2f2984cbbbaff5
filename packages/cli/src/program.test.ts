import { errorKind, type JobId, jobId, toWireError } from "@millrace/base";
import type { Connection } from "@millrace/driver/embedded";
import type { BatchSummary } from "@millrace/rpc";
import { describe, expect, test } from "vitest";
import type { Engine, RunRequest } from "./engine.ts";
import { failed, mismatch, noSuchJob, running, START, session, syntax, unreachable } from "./program.fixture.ts";
import { formatTime } from "./views.ts";

describe("usage", () => {
  test.each([
    [["rnu", "job.ts"], /unknown command 'rnu' \(Did you mean run\?\)/],
    [["run", "job.ts", "--mastr", "local"], /unknown option '--mastr' \(Did you mean --master\?\)/],
    [["run"], /missing required argument 'job'/],
    [["run", "job.ts", "--batches", "0"], /--batches "0" is not a count/],
    [["run", "job.ts", "--batches", "2", "--available-now"], /\[BAD_USAGE\] --batches and --available-now/],
    [["run", "job.ts", "--master", "local[none]"], /\[BAD_MASTER\].*"local\[none\]".*Write local, local\[N\]/],
    [["run", "job.ts", "--master", "spark://here:7077"], /\[BAD_MASTER\].*millrace submit JOB --driver HOST:PORT/],
    [["run", "job.ts", "--conf", "x"], /--conf "x" has no "="/],
    [["run", "job.ts", "--conf", "no.such=1"], /\[BAD_CONFIGURATION\] a setting is wrong: no\.such/],
    [["run", "job.ts", "--conf", "batch.failur=stop"], /\[BAD_CONFIGURATION\].*did you mean batch\.failure/],
    [["run", "job.ts", "--conf", "driver.heap=12"], /\[BAD_CONFIGURATION\] .*32m to 1t, not "?12/],
    [["driver", "--port", "70000"], /"70000" is not a port/],
    [["executor", "--driver", "a:1", "--memory", "lots"], /\[BAD_SIZE\] --memory "lots"/],
    [["status", "No Such"], /\[BAD_IDENTIFIER\]/],
    [["jobs", "extra"], /too many arguments/],
  ])("%j is refused with 2 and the reason", async (args, message) => {
    const { code, out, err } = await session({}).run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(err).toMatch(/^\[[A-Z_]+\] /);
  });
  test("--help of a command goes to standard output with 0", async () => {
    const { code, out } = await session({}).run("run", "--help");
    expect(code).toBe(0);
    expect(out).toContain("--master");
  });
  test("no command at all prints the help and counts as bad usage", async () => {
    const { code, out, err } = await session({}).run();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("submit");
  });
});

describe("a job whose own code fails before its first batch", () => {
  const threw = errorKind("JOB_CODE_FAILED", "user")("build threw TypeError: x is not a function.");
  const types = errorKind("JOB_TYPES", "user")("The job has 1 type error.");
  const runs = (ran: boolean, typeErrors: Engine["typeErrors"]) =>
    session({
      engine: { runEmbedded: async () => ({ state: "failed", error: toWireError(threw), ran }), typeErrors },
    }).run("run", "job.ts");

  test("is refused with 2 when it has type errors, which run reports as well", async () => {
    const { code, err } = await runs(false, async () => types);
    expect({ code, err }).toEqual({ code: 2, err: `${threw.message}\n${types.message}\n` });
  });
  test("has failed when its types are correct, or its batches had begun", async () => {
    expect((await runs(false, async () => undefined)).code).toBe(1);
    expect((await runs(true, async () => types)).code).toBe(1);
  });
  test("is refused by submit as by run", async () => {
    const parts = { operator: { submit: () => Promise.reject(threw) }, env: { MILLRACE_DRIVER: "d:1" } };
    const submit = (typeErrors: Engine["typeErrors"]) =>
      session({ ...parts, engine: { typeErrors } }).run("submit", "job.ts");
    expect((await submit(async () => types)).code).toBe(2);
    expect((await submit(async () => undefined)).code).toBe(1);
    const argument = errorKind("BAD_ARGUMENT", "user")("the port is undefined.");
    const it = session({ ...parts, operator: { submit: () => Promise.reject(argument) } });
    expect((await it.run("submit", "job.ts")).code).toBe(2);
  });
});

describe("run", () => {
  const record = () => {
    const seen: RunRequest[] = [];
    const runEmbedded: Engine["runEmbedded"] = async (request) => {
      seen.push(request);
      void request.output("stdout", Buffer.from("hello\n"));
      return undefined;
    };
    return { seen, runEmbedded };
  };
  test("passes on the master, the batches, the settings and the arguments after --", async () => {
    const { seen, runEmbedded } = record();
    const line = [
      "run",
      "job.ts",
      "--master",
      "local-cluster[2,2]",
      "--batches",
      "5",
      "--conf",
      "batch.failure=continue",
    ];
    const { code, out } = await session({ engine: { runEmbedded } }).run(...line, "--", "localhost", "--batches");
    expect({ code, out }).toEqual({ code: 0, out: "hello\n" });
    expect(seen[0]).toMatchObject({
      jobFile: "job.ts",
      master: { kind: "local-cluster", executors: 2, slots: 2 },
      batches: 5,
      conf: { "batch.failure": "continue" },
      args: ["localhost", "--batches"],
    });
  });
  test("uses a slot for each core when no master is given", async () => {
    const { seen, runEmbedded } = record();
    await session({ engine: { runEmbedded } }).run("run", "job.ts");
    expect(seen[0]).toMatchObject({ master: { kind: "local", slots: 4 }, batches: undefined, args: [] });
  });
  test("exits with 2 when the job is refused before its first batch, with 1 when it fails, and with 130 at the second Ctrl-C; the first says what it does", async () => {
    const broken = session({ engine: { runEmbedded: () => Promise.reject(syntax("job.ts:1:2: unexpected token.")) } });
    expect(await broken.run("run", "job.ts")).toEqual({
      code: 2,
      out: "",
      err: "[JOB_SYNTAX] job.ts:1:2: unexpected token.\n",
    });
    const failing = session({
      engine: { runEmbedded: async () => ({ state: "failed", error: failed.error, ran: true }) },
    });
    expect(await failing.run("run", "job.ts")).toMatchObject({
      code: 1,
      err: expect.stringContaining("[BATCH_FAILED] Batch 7 failed."),
    });
    const early = session({
      engine: { runEmbedded: async () => ({ state: "failed", error: failed.error, ran: false }) },
    });
    expect(await early.run("run", "job.ts")).toMatchObject({ code: 2 });
    const stopping = session({
      engine: {
        runEmbedded: async () => {
          stopping.graceful.abort();
          return undefined;
        },
      },
    });
    expect(await stopping.run("run", "job.ts")).toMatchObject({
      code: 0,
      err: "millrace: stopping once all received data is processed; Ctrl-C again stops at once\n",
    });
    const pressed = session({ engine: { runEmbedded: async () => undefined } });
    pressed.graceful.abort();
    pressed.immediate.abort();
    expect((await pressed.run("run", "job.ts")).code).toBe(130);
  });
});

test("init prints the file it wrote, and says so when it holds on this machine alone", async () => {
  const folders: string[] = [];
  const init: Engine["init"] = async (folder) => {
    folders.push(folder);
    return { file: "/jobs/tsconfig.json", local: folder === "." };
  };
  const here = await session({ engine: { init } }).run("init");
  expect(here).toMatchObject({ code: 0, out: "/jobs/tsconfig.json\n", err: expect.stringContaining("this machine") });
  expect(await session({ engine: { init } }).run("init", "jobs")).toMatchObject({ code: 0, err: "" });
  expect(folders).toEqual([".", "jobs"]);
});

test("a working directory that is gone is named as such, and not by Node's system call", async () => {
  const gone = Object.assign(new Error("ENOENT: no such file or directory, uv_cwd"), { syscall: "uv_cwd" });
  const { code, err } = await session({ engine: { init: () => Promise.reject(gone) } }).run("init");
  expect(code).toBe(2);
  expect(err).toMatch(/^\[DIRECTORY_UNUSABLE\] The folder that this command was started in is gone.*with cd/);
});

describe("check --connect", () => {
  const found = { entry: "job.ts", name: "j", files: 1, functions: 0, externals: [] };
  const problem = { code: "FILE_STORE_MISSING", message: "[FILE_STORE_MISSING] there is no such bucket." };
  const reached = { name: "kafka orders", use: "source", state: "reached", problem: undefined } as const;
  const untried = { name: "WalkIns", use: "source", state: "untried", problem: undefined } as const;
  const failed = { name: "s3://b/out", use: "output", state: "failed", problem } as const;
  const check = (connections: readonly Connection[], ...more: readonly string[]) => {
    const asked: boolean[] = [];
    const engine: Partial<Engine> = {
      check: async ({ connects }) => {
        asked.push(connects);
        return { ...found, connections };
      },
    };
    return { asked, ended: session({ engine }).run("check", "job.ts", ...more) };
  };

  test("tells of each thing outside whether it was reached, and exits with 1 if one was not", async () => {
    const { asked, ended } = check([reached, untried, failed], "--connect");
    expect(await ended).toMatchObject({
      code: 1,
      out:
        "job.ts: no errors\nsource kafka orders: reached\nsource WalkIns: not tried, it has no way to\n" +
        "output s3://b/out: [FILE_STORE_MISSING] there is no such bucket.\n",
    });
    expect(asked).toEqual([true]);
  });

  test("exits with 0 if all were, and tells programs of them", async () => {
    const { code, out } = await check([reached, untried], "--connect", "--json").ended;
    expect([code, JSON.parse(out).connections]).toMatchObject([0, [{ name: "kafka orders" }, { state: "untried" }]]);
  });

  test("is not done by check alone", async () => {
    const { asked, ended } = check([]);
    expect([(await ended).out, asked]).toEqual(["job.ts: no errors\n", [false]]);
  });
});

test("check --json prints its findings about the job, for programs", async () => {
  const native = { name: "sharp", version: "0.33.5", reason: "has native parts (@img/sharp-linux-x64)" };
  const found = { entry: "job.ts", name: "chat-room", files: 2, functions: 5, externals: [native] };
  const { code, out } = await session({ engine: { check: async () => found } }).run("check", "job.ts", "--json");
  expect({ code, out: JSON.parse(out) }).toEqual({ code: 0, out: found });
});

describe("a server", () => {
  const driver = () => {
    const stops: boolean[] = [];
    let finish = (_killed: readonly JobId[]): void => undefined;
    const startDriver: Engine["startDriver"] = async () => ({
      taken: new Promise<never>(() => undefined),
      address: "127.0.0.1:7077",
      health: "127.0.0.1:4040",
      stop: (graceful) => {
        stops.push(graceful);
        return graceful ? new Promise((resolve) => (finish = resolve)) : Promise.resolve([]);
      },
    });
    return { stops, startDriver, finish: (...killed: readonly string[]) => finish(killed.map(jobId)) };
  };
  test("drains at the first signal and exits with 0", async () => {
    const it = driver();
    const cli = session({ engine: { startDriver: it.startDriver } });
    const result = cli.run("driver");
    cli.graceful.abort();
    while (it.stops.length === 0) await Promise.resolve();
    it.finish();
    expect((await result).code).toBe(0);
    expect(it.stops).toEqual([true]);
  });
  test("whose jobs did not drain within its grace period exits with 1 and their names", async () => {
    const it = driver();
    const cli = session({ engine: { startDriver: it.startDriver } });
    const result = cli.run("driver");
    cli.graceful.abort();
    while (it.stops.length === 0) await Promise.resolve();
    it.finish("totals-1", "totals-2");
    expect(await result).toMatchObject({ code: 1, err: expect.stringContaining("totals-1, totals-2") });
  });
  test("restarts and redials after pauses that its options limit", async () => {
    const asked: unknown[] = [];
    const ended = Promise.resolve(mismatch("no."));
    const engine: Partial<Engine> = {
      startExecutor: async ({ dialPauseMax }) => {
        asked.push(dialPauseMax);
        return { stop: async () => undefined, ended };
      },
      startDriver: async ({ restartPauseMax }) => {
        asked.push(restartPauseMax);
        throw mismatch("no.");
      },
    };
    for (const more of [[], ["--dial-pause", "1m"]]) await session({ engine }).run("executor", ...more);
    for (const more of [[], ["--restart-pause", "2s"]]) await session({ engine }).run("driver", ...more);
    expect(asked).toEqual([5_000, 60_000, 30_000, 2_000]);
  });
  test("that the driver refuses exits with 1 and the driver's reason", async () => {
    const ended = Promise.resolve(mismatch("versions 1 and 2 differ."));
    const startExecutor: Engine["startExecutor"] = async () => ({ stop: async () => undefined, ended });
    const { code, err } = await session({ engine: { startExecutor } }).run("executor", "--slots", "1");
    expect(code).toBe(1);
    expect(err).toContain("[PROTOCOL_MISMATCH] versions 1 and 2 differ.");
  });
  test("stops at once at the second, with 130", async () => {
    const it = driver();
    const cli = session({ engine: { startDriver: it.startDriver } });
    const result = cli.run("driver");
    cli.graceful.abort();
    cli.immediate.abort();
    expect((await result).code).toBe(130);
    expect(it.stops).toEqual([true, false]);
  });
});
describe("looking at jobs", () => {
  test("jobs is a table, or JSON", async () => {
    const { out } = await session({}).run("jobs");
    expect(out.split("\n")[0]).toMatch(/^ID +NAME +STATE +SUBMITTED +BATCHES +FAILED +WAITING +EXECUTORS$/);
    expect(out.split("\n")[1]).toMatch(/^chat-room-1 +chat-room +running +2026-11-2\d .* +89 +0 +1 +2$/);
    expect(JSON.parse((await session({}).run("jobs", "--json")).out)).toMatchObject([
      { id: "chat-room-1", batchesCompleted: 89 },
    ]);
  });
  test("batches is a table with the delay, time and spilled bytes of each, or JSON", async () => {
    const batch: BatchSummary = {
      ...{ time: START, state: "completed", records: 12, schedulingDelayMs: 3, processingMs: 2_500 },
      ...{ tasks: 8, taskMs: 9_000.3, recordsRead: 4_000, spilledBytes: 1.5 * 2 ** 30, error: undefined },
    };
    const it = () => session({ operator: { batches: async () => [batch] } });
    const [titles, row] = (await it().run("batches", "chat-room-1")).out.split("\n");
    expect(titles).toMatch(/^TIME +STATE +RECORDS +READ +DELAY +PROCESSING +TASKS +TASK TIME +SPILLED +ERROR$/);
    expect(row).toMatch(/^2026-11-2\d .* completed +12 +4000 +3 ms +2.5 s +8 +9 s +1\.5 GiB$/);
    expect(JSON.parse((await it().run("batches", "chat-room-1", "--json")).out)).toMatchObject([
      { spilledBytes: 1.5 * 2 ** 30 },
    ]);
  });
  test("status shows how much the job spilled for lack of memory", async () => {
    expect((await session({}).run("status", "chat-room-1")).out).toContain("spilled    3.0 MiB\n");
  });
  test("status shows what each executor does for the job, in lines or as JSON", async () => {
    const lines = (await session({}).run("status", "chat-room-1")).out.trimEnd().split("\n");
    expect(lines.at(-2)).toMatch(
      /^EXECUTOR +TASKS +FAILED +TASK TIME +READ +WRITTEN +MEMORY +IN BLOCKS +BLOCKS +SPILLED$/,
    );
    expect(lines.at(-1)).toMatch(/^e-1 +1234 +2 +1 min 1 s +5000 +700 +150\.0 MiB +1\.0 MiB +12 +0 B$/);
    const json: unknown = JSON.parse((await session({}).run("status", "chat-room-1", "--json")).out);
    expect(json).toMatchObject({ executorFigures: [{ executor: "e-1", tasks: 1_234, rssBytes: 150 * 2 ** 20 }] });
  });
  test("status says how often the job's driver process was restarted, and from where it went on", async () => {
    const resumed = {
      imported: false,
      committed: START,
      batches: 7,
      pending: { time: START + 1_000, prepared: false },
      missed: 2,
      together: false,
    };
    const log = { directory: "file:/checkpoint", resumed };
    const status = async () => ({ ...running, state: "restarting" as const, restarts: 2, log });
    const { out } = await session({ operator: { status } }).run("status", "chat-room-1");
    expect(out).toContain("state      restarting\n  restarts   2 of its driver process\n");
    expect(out).toContain(
      "resumed from file:/checkpoint: last batch 2026-11-23T20:17:31.000Z, 7 intervals after the job's first start, " +
        "batch 2026-11-23T20:17:32.000Z to run again, 2 missed ticks to catch up with\n",
    );
    resumed.imported = true;
    const { out: begun } = await session({ operator: { status } }).run("status", "chat-room-1");
    expect(begun).toContain("begins with the state that was imported into file:/checkpoint\n");
  });
  test("status says why a job failed, and where with --verbose", async () => {
    const it = () => session({ operator: { status: async () => failed } });
    const { code, out } = await it().run("status", "chat-room-1");
    expect(code).toBe(0);
    expect(out).toContain("error      [BATCH_FAILED] Batch 7 failed.");
    expect(out).toContain(`warning    since ${formatTime(START)}, 3 times: [SOURCE_DOWN] it is down`);
    expect(out).not.toContain("job.ts:4:2");
    expect((await it().run("status", "chat-room-1", "--verbose")).out).toContain("job.ts:4:2");
  });
  test.each([["jobs"], ["status", "a-1"], ["batches", "a-1"], ["executors"], ["stop", "a-1"], ["kill", "a-1"]])(
    "%s of a driver that is not there ends with 1 and why",
    async (...line) => {
      const nobody = () => Promise.reject(unreachable("nothing answers at localhost:7077."));
      const parts = { jobs: nobody, status: nobody, batches: nobody, executors: nobody, stop: nobody, kill: nobody };
      expect(await session({ operator: parts }).run(...line)).toEqual({
        code: 1,
        out: "",
        err: "[PEER_UNREACHABLE] nothing answers at localhost:7077.\n",
      });
    },
  );
  test("a failure of the driver is reported once and exits with 1", async () => {
    const status = () => Promise.reject(noSuchJob("No job x-1 here."));
    expect(await session({ operator: { status } }).run("status", "x-1")).toEqual({
      code: 1,
      out: "",
      err: "[JOB_UNKNOWN] No job x-1 here.\n",
    });
  });
  test("Ctrl-C ends logs -f with 130", async () => {
    const it = session({
      operator: {
        logs: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }),
      },
    });
    const result = it.run("logs", "chat-room-1", "-f");
    it.graceful.abort();
    expect((await result).code).toBe(130);
  });
  test("stop --no-wait asks the job to stop, and reports its state", async () => {
    const asked: string[] = [];
    const stop = async (id: string) => void asked.push(id);
    const status = async () => ({ ...running, state: asked.length === 0 ? "running" : "stopping" }) as const;
    const { code, out, err } = await session({ operator: { stop, status } }).run("stop", "chat-room-1", "--no-wait");
    expect({ code, out, asked }).toEqual({ code: 0, out: "", asked: ["chat-room-1"] });
    expect(err).toBe("millrace: job chat-room-1 was asked to stop; it is now stopping\n");
  });
  test.each(["stop", "kill"])("%s of a job that is over reports that, and how it ended", async (command) => {
    const status = async () => ({ ...failed, endedAt: START });
    const { code, err } = await session({ operator: { status } }).run(command, "chat-room-1");
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining("has already ended: it is failed: [B"),
    });
  });
});
