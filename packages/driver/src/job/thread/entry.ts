import { parentPort } from "node:worker_threads";
import { JobThreadBody } from "./body.ts";
import type { ToJobThread } from "./protocol.ts";

// The thread of a job's driver process in which the job's own driver code runs; see body.ts.
process.setSourceMapsEnabled(true);
const port = parentPort;
if (port === null) throw new Error("this module is the entry of a worker thread");
const body = new JobThreadBody((message, transfer) => port.postMessage(message, transfer ?? []));
port.on("message", (message: ToJobThread) => body.onMessage(message));
