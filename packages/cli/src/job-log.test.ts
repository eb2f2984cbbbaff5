import type { LogEntry } from "@millrace/rpc";
import { describe, expect, test } from "vitest";
import { failed, noSuchJob, running, START, session, syntax, textOf } from "./program.fixture.ts";

describe("a job's log, and errors for programs", () => {
  const time = new Date(START).toISOString();
  const said = (level: number, msg: string) => `{"level":${level},"name":"job-driver","msg":"${msg}"}\n`;
  const mixed = async function* (): AsyncGenerator<LogEntry> {
    yield { time: START, stream: "stdout", text: "a\nb" };
    yield { time: START + 1, stream: "stderr", text: "oh\n" };
    yield { time: START + 1, stream: "engine", text: said(30, "ready") + said(40, "[TASK_RETRIED] again").slice(0, 9) };
    yield { time: START + 2, stream: "engine", text: said(40, "[TASK_RETRIED] again").slice(9) };
    yield { time: START + 3, stream: "stdout", text: "c\nd" };
  };
  test("logs --json is one object per line, however the pieces were split, with engine messages as objects", async () => {
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
  test("logs keeps the job's output apart from the engine's warnings", async () => {
    const it = session({ operator: { logs: mixed, status: async () => running } });
    const { out, err } = await it.run("logs", "chat-room-1");
    expect({ out, err }).toEqual({ out: "a\nboh\nc\nd", err: "millrace: [TASK_RETRIED] again\n" });
  });
  test("logs --engine shows all engine messages, with time and level", async () => {
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
  test.each([[[]], [["-f"]]])("logs %j of a job that failed ends with the reason, and exits with 0", async (flags) => {
    const parts = { logs: () => textOf("hello\n"), status: async () => failed };
    const { code, out, err } = await session({ operator: parts }).run("logs", "chat-room-1", ...flags);
    expect({ code, out }).toEqual({ code: 0, out: "hello\n" });
    expect(err).toBe(
      "millrace: job chat-room-1 is failed\n[BATCH_FAILED] Batch 7 failed.\n  caused by: TypeError: x is not a function\n",
    );
  });
});
