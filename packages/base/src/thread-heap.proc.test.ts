import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MB = 2 ** 20;
const module = new URL("../dist/thread-heap.js", import.meta.url).href;
const script = `
  import { getHeapStatistics } from "node:v8";
  import { Worker } from "node:worker_threads";
  import { threadHeap } from ${JSON.stringify(module)};
  const code = 'import { parentPort } from "node:worker_threads"; import { getHeapStatistics } from "node:v8";' +
    "parentPort.postMessage(getHeapStatistics().heap_size_limit)";
  const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(code)), { resourceLimits: threadHeap(64 * ${MB}) });
  worker.on("message", (thread) => console.log(JSON.stringify({ thread, main: getHeapStatistics().heap_size_limit })));
`;

/** Heap limits of a process and of its thread of 64 MB; the young generation, which is small, is added to them. */
async function limits(options: {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}) {
  const args = [...(options.flags ?? []), "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...options.env } });
  return JSON.parse(stdout) as { readonly thread: number; readonly main: number }; // what the script prints
}

test("a thread has the heap it is given, whatever its process was started with", async () => {
  const { thread } = await limits({});
  expect(thread).toBeGreaterThanOrEqual(64 * MB);
  expect(thread).toBeLessThan(80 * MB);
  for (const given of [
    { flags: ["--max-old-space-size=600"] },
    { env: { NODE_OPTIONS: "--max-old-space-size=600" } },
  ]) {
    const found = await limits(given);
    expect(found.thread).toBe(thread);
    expect(found.main).toBeGreaterThanOrEqual(600 * MB);
  }
});
