import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import { type Deferred, deferred } from "./deferred.ts";
import type { OutputStream } from "./output-ring.ts";
import { ThreadOutput } from "./thread-output.ts";

const RING_BYTES = 4_096;
const module = new URL("../dist/thread-output.js", import.meta.url).href;
const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())));

/** A thread that runs `code` with captured output, and the output taken so far. */
function start(code: string, room: () => Promise<void> | undefined = () => undefined) {
  const taken = { stdout: "", stderr: "", all: "" };
  const output = new ThreadOutput((stream: OutputStream, bytes) => {
    const text = Buffer.from(bytes).toString("latin1");
    taken[stream] += text;
    taken.all += text;
    return room();
  }, RING_BYTES);
  const connect = (): Worker => {
    const end = output.connect();
    const source = `
      import { workerData, parentPort } from "node:worker_threads";
      import { writeOutputTo } from ${JSON.stringify(module)};
      writeOutputTo(workerData);
      const lines = (n, write) => { for (let i = 0; i < n; i += 1) write("line " + i); };
      ${code}`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: end,
      transferList: [end.port],
    });
    workers.push(worker);
    return worker;
  };
  return { taken, output, connect };
}

const ended = (worker: Worker): Promise<unknown> =>
  new Promise((resolve) => {
    worker.once("exit", resolve);
    worker.on("error", () => undefined);
  });
const lines = (n: number): string => Array.from({ length: n }, (_, i) => `line ${i}\n`).join("");

describe("the output of a thread", () => {
  test.each([
    ["console.log", "stdout", "lines(20_000, console.log)"],
    ["console.error", "stderr", "lines(20_000, console.error)"],
    ["process.stdout.write", "stdout", "lines(20_000, (line) => process.stdout.write(line + '\\n'))"],
  ] as const)("by %s is all there when it has ended in the same turn", async (_, stream, code) => {
    const { taken, output, connect } = start(`${code}; process.exit(3);`);
    await ended(connect());
    await output.flush();
    expect(taken).toMatchObject({ [stream]: lines(20_000), all: lines(20_000) });
  });

  test("is complete when an uncaught error ends it", async () => {
    const { taken, output, connect } = start(
      `process.on("uncaughtExceptionMonitor", () => console.error("last")); lines(100, console.log); throw new Error("no")`,
    );
    await ended(connect());
    await output.flush();
    expect(taken.all).toBe(`${lines(100)}last\n`);
  });

  test("is complete when it is terminated in the middle of its work", async () => {
    const { taken, output, connect } = start(`lines(100, console.log); parentPort.postMessage("busy"); for (;;);`);
    const worker = connect();
    await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    await output.flush();
    expect(taken.all).toBe(lines(100));
  });

  test("keeps the order of its two streams, and calls back after a write", async () => {
    const { taken, output, connect } = start(`
      console.log("1"); console.error("2"); console.log("3");
      process.stdout.write("4", () => process.stderr.write(Buffer.from("5"), () => process.exit(0)));`);
    await ended(connect());
    await output.flush();
    expect(taken.all).toBe("1\n2\n3\n45");
  });

  test("waits for its reader: a thread without one blocks, with a full ring of output, and can be terminated", async () => {
    const gate: Deferred<void> = deferred();
    const asked: Deferred<void> = deferred();
    const { taken, output, connect } = start(`lines(1_000_000, console.log);`, () => {
      asked.resolve();
      return gate.promise;
    });
    const worker = connect();
    await asked.promise;
    await worker.terminate();
    const before = taken.all.length;
    gate.resolve();
    await output.flush();
    expect(taken.all.length - before).toBeLessThanOrEqual(RING_BYTES);
    expect(lines(2_000).startsWith(taken.all)).toBe(true);
    expect(taken.all.endsWith("\n")).toBe(true);
  });

  test("is longer than the memory between the threads, in one piece of text", async () => {
    const { taken, output, connect } = start(`console.log("x".repeat(${10 * RING_BYTES})); process.exit(0);`);
    await ended(connect());
    await output.flush();
    expect(taken.all).toBe(`${"x".repeat(10 * RING_BYTES)}\n`);
  });

  test("of a replacement thread follows its own", async () => {
    const { taken, output, connect } = start(`lines(100, console.log); process.exit(0);`);
    await ended(connect());
    await ended(connect());
    await output.flush();
    expect(taken.all).toBe(lines(100) + lines(100));
  });
});
