import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import { assert, SystemClock, toWireError, unreachable } from "@millrace/base";
import { schemeOf } from "@millrace/files";
import { FunctionTable } from "@millrace/runtime";
import { BlockPool, localFileSystems } from "@millrace/storage";
import { offerToJob } from "../job-code.ts";
import { InThreadLog } from "./in-thread-log.ts";
import type { FromLog, LogInit, ToLog } from "./protocol.ts";

const port = parentPort;
assert(port !== null, "the received log has a thread of its own");
const init = workerData as LogInit; // as LogThread posts it
const { directory, epoch, writer, sync, retryDelay, executorModule } = init;

const send = (message: FromLog, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
const files = localFileSystems();
const log = open();
log.catch(() => {}); // reported with each request

/** The file system of the directory may be one that a package of the job brings. */
async function open(): Promise<InThreadLog> {
  if (schemeOf(directory) !== "file") {
    offerToJob(new FunctionTable({ files }));
    await import(pathToFileURL(executorModule).href);
  }
  return new InThreadLog(files.for(directory), {
    ...{ directory, epoch, writer, sync, retryDelay },
    pool: BlockPool.attach(init.pool),
    clock: new SystemClock(),
    onFailing: (error) => send({ type: "failing", error: error && toWireError(error) }),
  });
}

async function answer(message: ToLog): Promise<void> {
  const { id } = message;
  switch (message.type) {
    case "append":
      return send({ type: "appended", id, at: await (await log).append(message.block) });
    case "read": {
      const bytes = new Uint8Array(await (await log).read(message.block)); // without its neighbours in the segment
      return send({ type: "content", id, bytes }, [bytes.buffer]);
    }
    case "probe":
      await (await log).answerProbe(message.probe, message.who);
      return send({ type: "reached", id });
    default:
      return unreachable(message);
  }
}

port.on("message", (message: ToLog) => {
  answer(message).catch((error: unknown) => {
    // A block that cannot be logged is not given up: the thread ends, and the next one tries.
    if (message.type === "append") throw error;
    send({ type: "refused", id: message.id, error: toWireError(error) });
  });
});
