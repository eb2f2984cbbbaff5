import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import * as api from "@millrace/api";
import { assert, type EngineError, SystemClock, toWireError, unreachable, writeOutputTo } from "@millrace/base";
import type { FileSystems } from "@millrace/files";
import { JOB_HOOKS } from "@millrace/plan";
import { BlockPool, localFileSystems, SpillDirectory, stateStores } from "@millrace/storage";
import { slotExited } from "../errors.ts";
import { FunctionTable } from "../job/function-table.ts";
import { SlotRuntime } from "../job/slot-runtime.ts";
import { exitMessage } from "./exit-message.ts";
import { threadHeapUse } from "./heap.ts";
import type { FromSlot, SlotInit, ToSlot } from "./protocol.ts";
import { StrayRejections } from "./stray-rejections.ts";

/** The global in which the shim for `import "millrace"` in an artefact finds the module. */
const MILLRACE_MODULE = Symbol.for("millrace.module");

const port = parentPort;
assert(port !== null, "a slot's code runs in a worker thread");
const init = workerData as SlotInit; // as SlotThread posts it
writeOutputTo(init.output);

/** The number of the running task; 0 between tasks. */
let running = 0;
const cancel = new Int32Array(init.cancel);
const stateKeys = new Int32Array(init.stateKeys);

function send(message: FromSlot): void {
  port?.postMessage(message);
}

/**
 * Reports why this thread ends, beforehand: an uncaught error, or `process.exit` in user code, which ends only this
 * thread. Node.js itself calls `process.exit` after an uncaught error.
 */
function reportEnd(): void {
  let uncaught: { readonly error: unknown } | undefined;
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    uncaught = { error };
    queueMicrotask(() => {
      uncaught = undefined; // a handler of the job has handled it: the thread survives
    });
  });
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    const cause = uncaught === undefined ? exitedBy(Number(code ?? process.exitCode ?? 0)) : uncaught.error;
    send({ type: "dying", error: toWireError(cause) });
    return exit(code);
  };
}

function reportStrays(): void {
  const strays = new StrayRejections({
    clock: new SystemClock({ unref: true }),
    busy: () => running !== 0,
    handled: () => process.listenerCount("unhandledRejection") > 1,
    report: (error) => send({ type: "stray", error: toWireError(error) }),
  });
  process.on("unhandledRejection", (reason) => strays.onRejection(reason));
}

function exitedBy(code: number): EngineError {
  const caller = new Error("process.exit").stack
    ?.split("\n")
    .slice(3, 5)
    .map((line) => line.trim())
    .join(" ");
  return slotExited(exitMessage({ slot: init.slot, code, caller, busy: running !== 0 }));
}

function newRuntime(functions: FunctionTable, files: FileSystems): SlotRuntime {
  const pool = BlockPool.attach(init.pool);
  const spills = new SpillDirectory(init.workDir, pool.owner);
  return new SlotRuntime(
    {
      pool,
      newSpillFile: () => spills.newFile(),
      files,
      cancellation: { cancelled: () => running !== 0 && Atomics.load(cancel, 0) === running },
      clock: new SystemClock({ unref: true }),
      lineBytesMax: init.lineBytesMax,
      spillBytes: init.spillBytes,
      snapshotDeltas: init.snapshotDeltas,
      checkpointSync: init.checkpointSync,
      newStateStore: stateStores(init.stateStore, spills),
      heapUse: threadHeapUse,
      stateKeys: (keys) => void Atomics.store(stateKeys, 0, keys),
      onTrouble: (error) => send({ type: "stray", error: toWireError(error) }),
    },
    functions,
  );
}

async function runTask(runtime: SlotRuntime, message: Extract<ToSlot, { readonly type: "task" }>): Promise<void> {
  running = message.number;
  const outcome = await runtime.runTask(message.task);
  running = 0;
  send({ type: "done", number: message.number, outcome });
}

function onMessage(runtime: SlotRuntime, message: ToSlot): void {
  switch (message.type) {
    case "template":
      runtime.loadTemplate(message.template);
      return;
    case "dropTemplates":
      runtime.dropTemplates(message.ids);
      return;
    case "stage":
      runtime.startStage(message.stage);
      return;
    case "task":
      void runTask(runtime, message);
      return;
    case "stageDone":
      runtime.endStage(message.run);
      return;
    case "dropBroadcasts":
      runtime.dropBroadcasts(message.ids);
      return;
    case "settle":
      port?.unref();
      return;
    default:
      unreachable(message);
  }
}

async function setUp(): Promise<void> {
  if (init.setup === undefined) return;
  const module = (await import(init.setup.module)) as { readonly default: (argument: unknown) => unknown }; // SlotSetup says so
  await module.default(init.setup.argument);
}

async function main(): Promise<void> {
  process.setSourceMapsEnabled(true);
  reportEnd();
  reportStrays();
  const files = localFileSystems();
  const functions = new FunctionTable({
    files,
    lineBytesMax: init.lineBytesMax,
    commands: {
      started: (group) => send({ type: "commandStarted", group }),
      ended: (group) => send({ type: "commandEnded", group }),
      said: (line) => console.error(line),
    },
  });
  Reflect.set(globalThis, JOB_HOOKS, functions);
  Reflect.set(globalThis, MILLRACE_MODULE, api);
  const runtime = newRuntime(functions, files);
  try {
    await setUp();
    await import(pathToFileURL(init.executorModule).href);
  } catch (error) {
    send({ type: "loadFailed", error: toWireError(error) });
    return;
  }
  // Messages that arrived meanwhile have waited in the port.
  port?.on("message", (message: ToSlot) => onMessage(runtime, message));
  send({ type: "ready" });
}

await main();
