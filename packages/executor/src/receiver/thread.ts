import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { assert, EngineError, SystemClock, toWireError, writeOutputTo } from "@millrace/base";
import { FunctionTable } from "@millrace/runtime";
import { BlockPool, localFileSystems, SpillDirectory } from "@millrace/storage";
import { receiverClosed } from "../errors.ts";
import { offerToJob } from "../job-code.ts";
import type { FromReceivers, ReceiverInit, ToReceivers } from "./protocol.ts";
import { Receivers } from "./receivers.ts";

const port = parentPort;
assert(port !== null, "receivers run in a worker thread");
const init = workerData as ReceiverInit; // as ReceiverThreads posts it
writeOutputTo(init.output);

process.setSourceMapsEnabled(true);
const functions = new FunctionTable({ files: localFileSystems() });
offerToJob(functions);

const send = (message: FromReceivers): void => port.postMessage(message);
const dying = (error: unknown): void => {
  send({ type: "dying", error: toWireError(error) });
  process.exit(1);
};
process.on("uncaughtException", dying);
process.on("unhandledRejection", (error) => {
  // Un-awaited stores after an unnoticed stop do not end the thread; the operator has been told.
  if (error instanceof EngineError && error.code === receiverClosed.code) return;
  dying(error);
});

const pool = BlockPool.attach(init.pool);
const receivers = new Receivers({
  init,
  pool,
  spills: new SpillDirectory(init.workDir, pool.owner),
  functions,
  clock: new SystemClock(),
  loadJob: () => import(pathToFileURL(init.executorModule).href),
  send,
  end: () => port.unref(),
});
port.on("message", (message: ToReceivers) => receivers.onMessage(message));
