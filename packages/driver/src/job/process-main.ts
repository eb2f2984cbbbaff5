import { readFile } from "node:fs/promises";
import {
  createLogger,
  describeThrown,
  EngineError,
  invariantBroken,
  StreamTaker,
  SystemClock,
  toWireError,
  unreachable,
} from "@millrace/base";
import { readManifest } from "@millrace/bundler";
import { listenWithin } from "@millrace/rpc";
import { listenSessions } from "@millrace/rpc/grpc";
import { ENGINE_LOG_FD, type FromJobProcess, type ToJobProcess } from "../supervisor/job-process-protocol.ts";
import { JobDriver } from "./job-driver.ts";
import { workerThread } from "./thread/worker-thread.ts";

// The process of one job's driver. It belongs to the supervisor that started it and ends with it.

const GATHER_MS = 5_000;

const log = createLogger({ name: "job-driver", fd: ENGINE_LOG_FD });
const streams = { stdout: new StreamTaker(process.stdout), stderr: new StreamTaker(process.stderr) };
let driver: JobDriver | undefined;

function tell(message: FromJobProcess): void {
  if (process.connected) process.send?.(message);
}

async function start(message: Extract<ToJobProcess, { readonly type: "start" }>): Promise<void> {
  const { job, name, module, args, drop, availableNow, conf, dataDir, listen, heapBytes, executors } = message;
  const artefact = await readFile(message.artefact);
  driver = await JobDriver.start({
    job,
    name,
    thread: workerThread({ module, externals: readManifest(artefact).manifest.externals.length > 0 }),
    artefact,
    args,
    drop,
    conf,
    dataDir,
    heapBytes,
    cluster: true,
    data: { kind: "tcp", insecure: false, ...listen },
    executors,
    gatherMs: GATHER_MS,
    batches: undefined,
    availableNow,
    clock: new SystemClock(),
    log,
    executorsHint: "`millrace executors` lists those that are connected.",
    onEvent: (event) => tell({ type: "event", event }),
    output: (stream, bytes) => streams[stream].write(bytes),
  });
  const sessions = await listenWithin(listen.ports, (port) =>
    listenSessions({ ...listen, port, onSession: (session) => driver?.accept(session) }),
  );
  tell({ type: "listening", port: sessions.address.port });
  const end = await driver.ended;
  await sessions.close();
  process.exitCode = end.state === "finished" ? 0 : 1;
  process.disconnect();
}

/** Ends the job and reports the reason. */
function fail(error: unknown): void {
  process.exitCode = 1;
  tell({ type: "event", event: { type: "ended", end: { state: "failed", error: toWireError(error) } } });
  if (process.connected) process.disconnect(); // once all messages are sent
}

/** This process crashes; whoever started it may start another. */
function crash(error: Error): void {
  process.exitCode = 1;
  tell({ type: "crashed", error: toWireError(error) });
  if (process.connected) process.disconnect(); // once all messages are sent
}

// User code runs in threads of its own: this is a failed start, outside of any promise, or a defect of the engine.
process.on("uncaughtException", (error) => {
  log.error({ err: error }, "an uncaught error ends the job's driver");
  crash(
    error instanceof EngineError
      ? error
      : invariantBroken(
          `the job's driver ended by an uncaught error: ${describeThrown(error)}. This is a defect of the engine: please report it with the job's log.`,
          { cause: error },
        ),
  );
  setImmediate(() => process.exit(1));
});

process.on("message", (message: ToJobProcess) => {
  switch (message.type) {
    case "start":
      start(message).catch(fail);
      return;
    case "stop":
      return driver?.stop(message.how);
    case "executorExited":
      return driver?.explainLoss(message.executor, message.error);
    default:
      return unreachable(message);
  }
});

// The supervisor is gone: a job without one cannot be seen or stopped.
process.on("disconnect", () => {
  driver?.stop({ graceful: false, reason: { kind: "operator" } });
  if (process.exitCode === undefined) process.exit(1);
});
// Terminals send Ctrl-C and hang-ups to the whole group, service managers SIGTERM: the supervisor reacts and tells this
// process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
