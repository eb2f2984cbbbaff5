import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import * as api from "@millrace/api";
import { installJobHooks, JobRegistry, runAuthorCode } from "@millrace/api/engine";
import { assert, SystemClock, writeOutputTo } from "@millrace/base";
import { listenToPatience } from "@millrace/files";
import { localFileSystems } from "@millrace/storage";
import { realProcesses } from "../../lease/processes.ts";
import { type JobModule, JobThreadBody } from "./body.ts";
import type { ToJobThread } from "./protocol.ts";
import type { WorkerData } from "./worker-thread.ts";

// The thread of a job's driver process that runs the job's own driver code; see body.ts.
process.setSourceMapsEnabled(true);
const port = parentPort;
assert(port !== null, "the job's code on the driver runs in a worker thread");
const { output, code } = workerData as WorkerData; // as WorkerJobThread gives it
writeOutputTo(output);

const MODULE = { what: "module-level code of the job", outcome: "The job is not started." };

async function load(): Promise<JobModule> {
  const registry = new JobRegistry();
  installJobHooks(registry);
  if (code.externals) {
    const { externalLoader } = await import("@millrace/bundler");
    Reflect.set(globalThis, Symbol.for("millrace.external"), externalLoader([process.cwd()]));
  }
  Reflect.set(globalThis, Symbol.for("millrace.module"), api);
  const module: { readonly default?: unknown } = await runAuthorCode(
    MODULE,
    () => import(pathToFileURL(code.module).href),
  );
  return { exported: module.default, registry };
}

const body = new JobThreadBody({
  load,
  loadJournal: async () => (await import("./batch-journal.ts")).BatchJournal,
  post: (message, transfer) => port.postMessage(message, transfer ?? []),
  leave: () => port.unref(),
  clock: new SystemClock(),
  processes: realProcesses(),
  files: localFileSystems(),
  write: (text) => void process.stdout.write(text),
});
listenToPatience((place, problem) => body.onServerFailing(place, problem));
port.on("message", (message: ToJobThread) => body.onMessage(message));
