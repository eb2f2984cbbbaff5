import { parentPort, workerData } from "node:worker_threads";
import { assert, type ThreadOutputEnd, writeOutputTo } from "@millrace/base";
import { JobThreadBody } from "./body.ts";
import type { ToJobThread } from "./protocol.ts";

// The thread of a job's driver process in which the job's own driver code runs; see body.ts.
process.setSourceMapsEnabled(true);
const port = parentPort;
assert(port !== null, "the job's code on the driver runs in a worker thread");
writeOutputTo(workerData as ThreadOutputEnd); // as JobThread posts it
const body = new JobThreadBody(
  (message, transfer) => port.postMessage(message, transfer ?? []),
  () => port.unref(),
);
port.on("message", (message: ToJobThread) => body.onMessage(message));
