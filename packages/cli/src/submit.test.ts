import { errorKind, millis } from "@millrace/base";
import type { JobSummary } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";
import { describe, expect, test } from "vitest";
import { failed, never, running, session, textOf, unreachable } from "./program.fixture.ts";

describe("submit", () => {
  const submit: OperatorClient["submit"] = async () => running;
  test("prints the id alone on standard output", async () => {
    const { code, out } = await session({ operator: { submit } }).run("submit", "job.ts");
    expect({ code, out }).toEqual({ code: 0, out: "chat-room-1\n" });
  });
  test("names the packages that the cluster must have", async () => {
    const sharp = { name: "sharp", version: "0.33.5", reason: "has native parts (@img/sharp-linux-x64)" };
    const bundle = async () => ({ artefact: Buffer.from("artefact"), externals: [sharp] });
    const { code, err } = await session({ engine: { bundle }, operator: { submit } }).run("submit", "job.ts");
    expect({ code, err }).toEqual({
      code: 0,
      err: "millrace: sharp@0.33.5 is not in the bundle, because it has native parts (@img/sharp-linux-x64): install it where the driver and the executors run\n",
    });
  });
  /** Runs it while the clock advances until it ends. */
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
  const limit = "Retrying until it answers; --timeout DURATION limits that, Ctrl-C gives up.\n";
  test("waits for a driver that does not answer, and says so once, with the limit", async () => {
    const it = session({ operator: waiting(async () => []) });
    expect(await submitted(it)).toEqual({
      code: 0,
      out: "chat-room-1\n",
      err: `millrace: waiting for a driver at localhost:7077: [PEER_UNREACHABLE] nobody there. Look. ${limit}`,
    });
  });
  test("repeats on a terminal that it is waiting", async () => {
    const { err } = await submitted(session({ operator: waiting(async () => []), terminal: true }));
    expect(
      err.match(/^millrace: still waiting for a driver at localhost:7077: \[PEER_UNREACHABLE\] nobody there/gm)?.length,
    ).toBeGreaterThan(1);
  });
  test("gives up after --timeout, with the reason", async () => {
    const { code, err } = await submitted(session({ operator: waiting() }), "--timeout", "20s");
    expect(code).toBe(1);
    expect(err).toMatch(
      /\[DRIVER_NOT_REACHED\] the driver at localhost:7077 was not reached within 20 s \(--timeout\): \[PEER_UNREACHABLE\] nobody there/,
    );
  });
  test("waits for no answer longer than --timeout leaves time for", async () => {
    const given: unknown[] = [];
    const silent = errorKind("NOT_A_DRIVER", "environment")("says nothing.", { fields: { found: "silent" } });
    const jobs = (within?: number) => {
      given.push(within);
      return Promise.reject(silent);
    };
    const { err } = await submitted(session({ operator: { submit, jobs } }), "--timeout", "20s");
    expect(err).toContain("was not reached within 20 s (--timeout): [NOT_A_DRIVER] says nothing");
    expect(given[0]).toBe(20_000);
    expect(given.slice(1).every((within) => Number(within) >= 1_000 && Number(within) < 20_000)).toBe(true);
    expect(given.length).toBeGreaterThan(1);
  });
  test("does not wait for a server that is no driver, unless it may be a proxy in front of one", async () => {
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
  test("does not submit twice when the driver goes away in the meantime", async () => {
    let submitted = 0;
    const lostAnswer = async () => {
      submitted += 1;
      throw unreachable("gone.");
    };
    const { code, err } = await session({ operator: { submit: lostAnswer } }).run("submit", "job.ts");
    expect({ code, submitted }).toEqual({ code: 1, submitted: 1 });
    expect(err).toContain("the driver may have taken the job all the same");
  });
  test("--follow prints the log to its end and exits as the job ended", async () => {
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
