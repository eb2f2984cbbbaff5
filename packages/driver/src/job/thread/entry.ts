import { parentPort } from "node:worker_threads";
import { JobThreadBody } from "./body.ts";
import type { FromJobThread, ToJobThread } from "./protocol.ts";

// The thread of a job's driver process in which the job's own driver code runs; see body.ts.
process.setSourceMapsEnabled(true);
const port = parentPort;
if (port === null) throw new Error("this module is the entry of a worker thread");
// What the job writes goes the same way as what print() writes: in order, and nothing is lost when the thread is ended.
process.stdout.write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
  const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
  port.postMessage({ type: "print", text } satisfies FromJobThread);
  const callback = typeof encoding === "function" ? encoding : done;
  if (typeof callback === "function") queueMicrotask(() => callback());
  return true;
};
const body = new JobThreadBody(
  (message, transfer) => port.postMessage(message, transfer ?? []),
  () => port.unref(),
);
port.on("message", (message: ToJobThread) => body.onMessage(message));
