import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import * as api from "@millrace/api";
import { assert, EngineError, SystemClock, toWireError, writeOutputTo } from "@millrace/base";
import { externalLoader } from "@millrace/bundler";
import { JOB_HOOKS } from "@millrace/plan";
import { FunctionTable } from "@millrace/runtime";
import { BlockPool, localFileSystems, SpillDirectory } from "@millrace/storage";
import { receiverClosed } from "../errors.ts";
import type { FromReceivers, ReceiverInit, ToReceivers } from "./protocol.ts";
import { Receivers } from "./receivers.ts";

/** The property in which the shim for `import "millrace"` in an artefact finds the module. */
const MILLRACE_MODULE = Symbol.for("millrace.module");
/** The property in which it finds packages that cannot be bundled. */
const MILLRACE_EXTERNAL = Symbol.for("millrace.external");

const port = parentPort;
assert(port !== null, "receivers run in a worker thread");
const init = workerData as ReceiverInit; // as ReceiverThreads posts it
writeOutputTo(init.output);

process.setSourceMapsEnabled(true);
const functions = new FunctionTable({ files: localFileSystems() });
Reflect.set(globalThis, JOB_HOOKS, functions);
Reflect.set(globalThis, MILLRACE_MODULE, api);
Reflect.set(globalThis, MILLRACE_EXTERNAL, externalLoader([process.cwd()]));

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
