import { epochMs, errorKind, jobId, ManualClock, millis, toWireError, warningOf } from "@millrace/base";
import type { BatchSummary, JobSummary, LogEntry } from "@millrace/rpc";
import { describe, expect, test } from "vitest";
import type { Console } from "./console.ts";
import type { Engine, Operator, RunRequest } from "./engine.ts";
import { runCli } from "./program.ts";
import { formatTime } from "./views.ts";

const unreachable = errorKind("PEER_UNREACHABLE", "environment");
const syntax = errorKind("JOB_SYNTAX", "user");
const mismatch = errorKind("PROTOCOL_MISMATCH", "environment");
const noSuchJob = errorKind("JOB_UNKNOWN", "user");

const START = Date.UTC(2026, 10, 23, 20, 17, 31);
const THRICE = { firstAt: epochMs(START), lastAt: epochMs(START), count: 3 };

const running: JobSummary = {
  id: jobId("chat-room-1"),
  name: "chat-room",
  state: "running",
  submittedAt: START - 90_000,
  endedAt: undefined,
  batchIntervalMs: 1000,
  batchesCompleted: 89,
  batchesFailed: 0,
  batchesWaiting: 1,
  spilledBytes: 3 * 2 ** 20,
  executors: 2,
  error: undefined,
  warnings: [{ ...warningOf("[SOURCE_DOWN] it is down", { subject: "receiver 0", lasting: true }), ...THRICE }],
  driverPid: undefined,
};

const failed = {
  ...running,
  state: "failed",
  error: {
    name: "EngineError",
    message: "[BATCH_FAILED] Batch 7 failed.",
    kind: { code: "BATCH_FAILED", blame: "user", retry: "never" },
    cause: {
      name: "TypeError",
      message: "x is not a function",
      stack: "TypeError: x is not a function\n    at job.ts:4:2",
    },
  },
} satisfies JobSummary;

async function* textOf(...chunks: string[]): AsyncGenerator<LogEntry> {
  for (const text of chunks) yield { time: START, stream: "stdout", text };
}

function never(): never {
  throw new Error("not a part of this test");
}

function operator(parts: Partial<Operator>): Operator {
  const refuse = async (): Promise<never> => never();
  return {
    submit: refuse,
    jobs: async () => [running],
    status: async () => running,
    batches: refuse,
    executors: refuse,
    logs: never,
    stop: refuse,
    kill: refuse,
    close: () => undefined,
    ...parts,
  };
}

/** Runs a command line against a pretended engine. */
function session(parts: {
  readonly engine?: Partial<Engine>;
  readonly operator?: Partial<Operator>;
  readonly env?: NodeJS.ProcessEnv;
  readonly terminal?: boolean;
}) {
  const refuse = async (): Promise<never> => never();
  const clock = new ManualClock(epochMs(START));
  const graceful = new AbortController();
  const immediate = new AbortController();
  let out = "";
  let err = "";
  const console: Console = {
    env: parts.env ?? { MILLRACE_DRIVER: "localhost:7077" },
    clock,
    terminal: parts.terminal === true,
    cores: 4,
    engine: {
      runEmbedded: refuse,
      startDriver: refuse,
      startNode: refuse,
      memoryLimit: refuse,
      connect: async () => operator(parts.operator ?? {}),
      bundle: async () => Buffer.from("artefact"),
      check: refuse,
      typeErrors: async () => undefined,
      ...parts.engine,
    },
    out: async (text) => {
      out += typeof text === "string" ? text : Buffer.from(text).toString();
    },
    err: (text) => {
      err += text;
    },
    interrupts: { graceful: graceful.signal, immediate: immediate.signal },
  };
  return {
    clock,
    graceful,
    immediate,
    run: async (...args: string[]) => ({ code: await runCli(args, console), out, err }),
    said: () => err,
  };
}

describe("usage", () => {
  test.each([
    [["rnu", "job.ts"], /unknown command 'rnu' \(Did you mean run\?\)/],
    [["run", "job.ts", "--mastr", "local"], /unknown option '--mastr' \(Did you mean --master\?\)/],
    [["run"], /missing required argument 'job'/],
    [["run", "job.ts", "--batches", "0"], /--batches "0" is not a count/],
    [["run", "job.ts", "--master", "loca"], /\[BAD_MASTER\]/],
    [["run", "job.ts", "--conf", "x"], /--conf "x" has no "="/],
    [["run", "job.ts", "--conf", "no.such=1"], /\[BAD_CONFIGURATION\] a setting is wrong: no\.such/],
    [["driver", "--port", "70000"], /"70000" is not a port/],
    [["executor", "--driver", "a:1", "--memory", "lots"], /\[BAD_SIZE\] --memory "lots"/],
    [["status", "No Such"], /\[BAD_IDENTIFIER\]/],
    [["jobs", "extra"], /too many arguments/],
  ])("%j is refused with 2 and what is wrong", async (args, message) => {
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
  test("no command at all prints the help and is a wrong usage", async () => {
    const { code, out, err } = await session({}).run();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("submit");
  });
});

describe("a job whose own code fails before its first batch", () => {
  const threw = errorKind("JOB_CODE_FAILED", "user")("build threw TypeError: x is not a function.");
  const types = errorKind("JOB_TYPES", "user")("The job has 1 type error.");
  const runs = (ran: boolean, typeErrors: Engine["typeErrors"]) =>
    session({ engine: { runEmbedded: async () => ({ error: toWireError(threw), ran }), typeErrors } }).run(
      "run",
      "job.ts",
    );

  test("is refused with 2 when its types do not hold, which run tells beside it", async () => {
    const { code, err } = await runs(false, async () => types);
    expect({ code, err }).toEqual({ code: 2, err: `${threw.message}\n${types.message}\n` });
  });
  test("has failed when its types hold, and when its batches had begun", async () => {
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
  test("hands on the master, the batches, the settings and what follows --", async () => {
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
  test("ends with 2 when the job is refused before its first batch, with 1 when it fails, says what Ctrl-C does, with 130 at the second one", async () => {
    const broken = session({ engine: { runEmbedded: () => Promise.reject(syntax("job.ts:1:2: unexpected token.")) } });
    expect(await broken.run("run", "job.ts")).toEqual({
      code: 2,
      out: "",
      err: "[JOB_SYNTAX] job.ts:1:2: unexpected token.\n",
    });
    const failing = session({ engine: { runEmbedded: async () => ({ error: failed.error, ran: true }) } });
    expect(await failing.run("run", "job.ts")).toMatchObject({
      code: 1,
      err: expect.stringContaining("[BATCH_FAILED] Batch 7 failed."),
    });
    const early = session({ engine: { runEmbedded: async () => ({ error: failed.error, ran: false }) } });
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
      err: "millrace: stopping when what was received is processed; Ctrl-C once more stops it at once\n",
    });
    const pressed = session({ engine: { runEmbedded: async () => undefined } });
    pressed.graceful.abort();
    pressed.immediate.abort();
    expect((await pressed.run("run", "job.ts")).code).toBe(130);
  });
});

describe("submit", () => {
  const submit: Operator["submit"] = async () => running;
  test("prints the id alone on standard output", async () => {
    const { code, out } = await session({ operator: { submit } }).run("submit", "job.ts");
    expect({ code, out }).toEqual({ code: 0, out: "chat-room-1\n" });
  });
  /** Runs it while the clock goes on until it ends. */
  async function submitted(it: ReturnType<typeof session>, ...options: string[]) {
    const result = it.run("submit", "job.ts", ...options);
    let done = false;
    void result.finally(() => {
      done = true;
    });
    while (!done) {
      await Promise.resolve();
      it.clock.advance(millis(5_000));
    }
    return result;
  }
  const waiting = (...afterwards: (() => Promise<readonly JobSummary[]>)[]) => {
    let calls = 0;
    const nobody = () => Promise.reject(unreachable("nobody there. Look."));
    return { submit, jobs: () => (calls++ < 6 ? nobody() : (afterwards[0] ?? nobody)()) };
  };
  const limit = "It is tried until it answers: --timeout DURATION limits that, Ctrl-C gives up.\n";
  test("waits for a driver that does not answer, and says so once, with what limits it", async () => {
    const it = session({ operator: waiting(async () => []) });
    expect(await submitted(it)).toEqual({
      code: 0,
      out: "chat-room-1\n",
      err: `millrace: waiting for a driver at localhost:7077: [PEER_UNREACHABLE] nobody there. Look. ${limit}`,
    });
  });
  test("says again and again on a terminal that it waits", async () => {
    const { err } = await submitted(session({ operator: waiting(async () => []), terminal: true }));
    expect(
      err.match(/^millrace: still waiting for a driver at localhost:7077: \[PEER_UNREACHABLE\] nobody there/gm)?.length,
    ).toBeGreaterThan(1);
  });
  test("gives up after --timeout, and says what was in the way", async () => {
    const { code, err } = await submitted(session({ operator: waiting() }), "--timeout", "20s");
    expect(code).toBe(1);
    expect(err).toMatch(
      /\[DRIVER_NOT_REACHED\] the driver at localhost:7077 was not reached within 20 s \(--timeout\): \[PEER_UNREACHABLE\] nobody there/,
    );
  });
  test("does not wait for what is no driver, unless it may be a proxy in front of one", async () => {
    const kind = errorKind("NOT_A_DRIVER", "environment");
    const jobs = () => Promise.reject(kind("an HTTP server answers there.", { fields: { found: "http1" } }));
    expect(await submitted(session({ operator: { submit, jobs } }))).toMatchObject({
      code: 1,
      err: "[NOT_A_DRIVER] an HTTP server answers there.\n",
    });
    const proxy = waiting(() => Promise.reject(kind("closes.", { fields: { found: "closes" } })));
    expect((await submitted(session({ operator: proxy }), "--timeout", "60s")).err).toContain("[DRIVER_NOT_REACHED]");
  });
  test("gives up at Ctrl-C", async () => {
    const it = session({ operator: { submit, jobs: () => Promise.reject(unreachable("nobody there.")) } });
    const result = it.run("submit", "job.ts");
    it.graceful.abort();
    expect((await result).code).toBe(130);
  });
  test("does not submit twice when the driver goes away in between", async () => {
    let submitted = 0;
    const lostAnswer = async () => {
      submitted += 1;
      throw unreachable("gone.");
    };
    const { code } = await session({ operator: { submit: lostAnswer } }).run("submit", "job.ts");
    expect({ code, submitted }).toEqual({ code: 1, submitted: 1 });
  });
  test("--follow shows the log to its end and ends as the job did", async () => {
    const parts = { submit, logs: () => textOf("Time: 1\n", "hello\n"), status: async () => failed };
    const { code, out, err } = await session({ operator: parts }).run("submit", "job.ts", "--follow");
    expect({ code, out }).toEqual({ code: 1, out: "chat-room-1\nTime: 1\nhello\n" });
    expect(err).toContain("[BATCH_FAILED] Batch 7 failed.\n  caused by: TypeError: x is not a function");
  });
  test("asks for a driver before it bundles", async () => {
    const { code, err } = await session({ env: {}, engine: { bundle: async () => never() } }).run("submit", "job.ts");
    expect(code).toBe(2);
    expect(err).toMatch(/^\[DRIVER_UNKNOWN\]/);
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
  test("batches is a table with what each waited, took and put on disk, or JSON", async () => {
    const batch: BatchSummary = {
      ...{ time: START, state: "completed", records: 12, schedulingDelayMs: 3, processingMs: 2_500 },
      ...{ spilledBytes: 1.5 * 2 ** 30, error: undefined },
    };
    const it = () => session({ operator: { batches: async () => [batch] } });
    const [titles, row] = (await it().run("batches", "chat-room-1")).out.split("\n");
    expect(titles).toMatch(/^TIME +STATE +RECORDS +DELAY +PROCESSING +SPILLED +ERROR$/);
    expect(row).toMatch(/^2026-11-2\d .* completed +12 +3 ms +2.5 s +1\.5 GiB$/);
    expect(JSON.parse((await it().run("batches", "chat-room-1", "--json")).out)).toMatchObject([
      { spilledBytes: 1.5 * 2 ** 30 },
    ]);
  });
  test("status says how much the job put on disk for want of memory", async () => {
    expect((await session({}).run("status", "chat-room-1")).out).toContain("spilled    3.0 MiB\n");
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
  test("a failure of the driver is told once and ends with 1", async () => {
    const status = () => Promise.reject(noSuchJob("No job x-1 here."));
    expect(await session({ operator: { status } }).run("status", "x-1")).toEqual({
      code: 1,
      out: "",
      err: "[JOB_UNKNOWN] No job x-1 here.\n",
    });
  });
  const time = new Date(START).toISOString();
  const said = (level: number, msg: string) => `{"level":${level},"name":"job-driver","msg":"${msg}"}\n`;
  const mixed = async function* (): AsyncGenerator<LogEntry> {
    yield { time: START, stream: "stdout", text: "a\nb" };
    yield { time: START + 1, stream: "stderr", text: "oh\n" };
    yield { time: START + 1, stream: "engine", text: said(30, "ready") + said(40, "[TASK_RETRIED] again").slice(0, 9) };
    yield { time: START + 2, stream: "engine", text: said(40, "[TASK_RETRIED] again").slice(9) };
    yield { time: START + 3, stream: "stdout", text: "c\nd" };
  };
  test("logs --json is one object a line, whatever the pieces, with what the engine says as objects", async () => {
    const it = session({ operator: { logs: mixed, status: async () => failed } });
    const { out, err } = await it.run("logs", "chat-room-1", "--json");
    const at = (ms: number): string => new Date(START + ms).toISOString();
    expect(err).toBe("");
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { time, stream: "stdout", text: "a" },
      { time: at(1), stream: "stderr", text: "oh" },
      { time: at(1), stream: "engine", record: { level: 40, name: "job-driver", msg: "[TASK_RETRIED] again" } },
      { time, stream: "stdout", text: "bc" },
      { time: at(3), stream: "stdout", text: "d" },
    ]);
  });
  test("logs has the job's output to itself, with the engine's warnings beside it", async () => {
    const it = session({ operator: { logs: mixed, status: async () => running } });
    const { out, err } = await it.run("logs", "chat-room-1");
    expect({ out, err }).toEqual({ out: "a\nboh\nc\nd", err: "millrace: [TASK_RETRIED] again\n" });
  });
  test("logs --engine shows all that the engine says, with its time and level", async () => {
    const it = session({ operator: { logs: mixed, status: async () => running } });
    const { out, err } = await it.run("logs", "chat-room-1", "--engine");
    expect(out).toBe("a\nboh\nc\nd");
    expect(err).toMatch(
      /^millrace: 2026-11-2\d \d\d:\d\d:31\.001 INFO ready\nmillrace: .* WARN \[TASK_RETRIED\] again\n$/,
    );
  });
  test.each([
    [["status", "x-1"], "JOB_UNKNOWN", 1],
    [["logs", "x-1"], "JOB_UNKNOWN", 1],
    [["jobs", "--nope"], "BAD_USAGE", 2],
    [["check", "job.ts"], "JOB_SYNTAX", 2],
    [["submit", "job.ts"], "JOB_SYNTAX", 2],
  ] as const)("%j --json says what went wrong as one object, in place of a result", async (line, code, exit) => {
    const fail = () => Promise.reject(noSuchJob("No job x-1 here."));
    const wrong = () => Promise.reject(syntax("job.ts:1:2: unexpected token."));
    const it = session({
      operator: { status: fail, logs: () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) }) },
      engine: { check: wrong, bundle: wrong },
      env: { MILLRACE_DRIVER: "d:1" },
    });
    const result = await it.run(...line, "--json");
    expect(result).toMatchObject({ code: exit, err: "" });
    expect(JSON.parse(result.out)).toEqual({
      error: { code, blame: "user", message: expect.stringContaining(`[${code}]`), fields: {}, causes: [] },
    });
  });
  test.each([[[]], [["-f"]]])("logs %j of a job that failed says why after it, and ends with 0", async (flags) => {
    const parts = { logs: () => textOf("hello\n"), status: async () => failed };
    const { code, out, err } = await session({ operator: parts }).run("logs", "chat-room-1", ...flags);
    expect({ code, out }).toEqual({ code: 0, out: "hello\n" });
    expect(err).toBe(
      "millrace: job chat-room-1 is failed\n[BATCH_FAILED] Batch 7 failed.\n  caused by: TypeError: x is not a function\n",
    );
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
  test("stop asks, and says what the job is now", async () => {
    const asked: string[] = [];
    const stop = async (id: string) => void asked.push(id);
    const status = async () => ({ ...running, state: asked.length === 0 ? "running" : "stopping" }) as const;
    const { code, out, err } = await session({ operator: { stop, status } }).run("stop", "chat-room-1");
    expect({ code, out, asked }).toEqual({ code: 0, out: "", asked: ["chat-room-1"] });
    expect(err).toBe("millrace: job chat-room-1 is asked to stop; it is stopping\n");
  });
  test.each(["stop", "kill"])("%s of a job that is over says so, and how it ended", async (command) => {
    const status = async () => ({ ...failed, endedAt: START });
    const { code, err } = await session({ operator: { status } }).run(command, "chat-room-1");
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining("has ended already; it is failed: [B"),
    });
  });
});

describe("a server", () => {
  const driver = () => {
    const stops: boolean[] = [];
    let finish = (): void => undefined;
    const startDriver: Engine["startDriver"] = async () => ({
      address: "127.0.0.1:7077",
      health: "127.0.0.1:4040",
      stop: (graceful) => {
        stops.push(graceful);
        return graceful ? new Promise((resolve) => (finish = resolve)) : Promise.resolve();
      },
    });
    return { stops, startDriver, finish: () => finish() };
  };
  test("drains at the first signal and ends with 0", async () => {
    const it = driver();
    const cli = session({ engine: { startDriver: it.startDriver } });
    const result = cli.run("driver");
    cli.graceful.abort();
    while (it.stops.length === 0) await Promise.resolve();
    it.finish();
    expect((await result).code).toBe(0);
    expect(it.stops).toEqual([true]);
  });
  test("that the driver refuses ends with 1 and the driver's reason", async () => {
    const ended = Promise.resolve(mismatch("versions 1 and 2 differ."));
    const startNode: Engine["startNode"] = async () => ({ stop: async () => undefined, ended });
    const { code, err } = await session({ engine: { startNode } }).run("executor", "--slots", "1");
    expect(code).toBe(1);
    expect(err).toContain("[PROTOCOL_MISMATCH] versions 1 and 2 differ.");
  });
  test("ends at once at the second, with 130", async () => {
    const it = driver();
    const cli = session({ engine: { startDriver: it.startDriver } });
    const result = cli.run("driver");
    cli.graceful.abort();
    cli.immediate.abort();
    expect((await result).code).toBe(130);
    expect(it.stops).toEqual([true, false]);
  });
});
