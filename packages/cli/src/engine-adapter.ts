import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createLogger, type JobId, SystemClock, usableDirectory } from "@millrace/base";
import type { Artefact, BundleOptions } from "@millrace/bundler";
import type { DriverHandle, DriverRequest, Engine, ExecutorHandle, ExecutorRequest } from "./engine.ts";
import { FolderWatcher } from "./folder-watcher.ts";
import { otherMillrace } from "./other-millrace.ts";

/** The real engine, each part loaded when a command first needs it. */
export const engine: Engine = {
  async runEmbedded({ jobFile, onFile, ...request }) {
    const artefact = bundled(jobFile, request.onProgress, onFile);
    artefact.catch(() => undefined); // reported where it is awaited
    const { runEmbedded } = await import("@millrace/driver/embedded");
    // Like `millrace executor`, and apart from the driver's output: lines of several processes arrive in any order.
    return runEmbedded({ ...request, artefact, executorOutput: (_, bytes) => request.output("stderr", bytes) });
  },
  watchFiles: (onChange, onWarning) => new FolderWatcher(onChange, onWarning),
  startDriver,
  startExecutor,
  async memoryLimit() {
    const { memoryLimit } = await import("@millrace/executor/supervisor");
    return memoryLimit();
  },
  async connect(driver, { token, tls: files }) {
    const [{ operatorClient }, { parseAddress, readTls }] = await Promise.all([
      import("@millrace/rpc/grpc"),
      import("@millrace/rpc"),
    ]);
    const tls = readTls(files);
    return operatorClient({ address: parseAddress(driver), token, ...(tls === undefined ? {} : { tls }) });
  },
  async bundle(file, onProgress) {
    const { packArtefact } = await import("@millrace/bundler");
    const artefact = await bundled(file, onProgress);
    return { artefact: packArtefact(artefact), externals: artefact.manifest.externals };
  },
  async typeErrors(file) {
    const { checkTypes } = await import("@millrace/bundler");
    try {
      await checkTypes(await realpath(resolve(file)), { millraceTypes: apiTypes() });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  },
  async check({ jobFile, signal, onProgress, ...request }) {
    const { checkJob } = await import("@millrace/bundler");
    const artefact = await checkJob(jobFile, {
      ...(await bundleOptions(jobFile, onProgress)),
      millraceTypes: apiTypes(),
    });
    onProgress("declaring its graph");
    const { declareJob } = await import("@millrace/driver/embedded");
    const { name, connections } = await declareJob({ ...request, artefact, signal: signal.graceful });
    const { entry, files, functions, externals } = artefact.manifest;
    return { entry, name, files: files.length, functions, externals, connections };
  },
  async checkCheckpoint({ jobFile, directory, signal, onProgress, ...request }) {
    const artefact = await bundled(jobFile, onProgress);
    onProgress("declaring its graph");
    const { declareJob } = await import("@millrace/driver/embedded");
    const compared = { ...request, artefact, compareWith: directory, signal: signal.graceful };
    return (await declareJob(compared)).findings ?? [];
  },
  async inspectCheckpoint(directory) {
    const { inspectCheckpoint } = await import("@millrace/driver/checkpoint");
    return inspectCheckpoint(directory);
  },
  async openState(directory) {
    const { StateData } = await import("@millrace/driver/checkpoint");
    return StateData.open(directory);
  },
  async importState(request) {
    const { importState } = await import("@millrace/driver/checkpoint");
    return importState(request);
  },
  async savepoints(directory) {
    const { Savepoints } = await import("@millrace/driver/checkpoint");
    return new Savepoints(directory);
  },
  async init(folder) {
    const { writeEditorSettings } = await import("@millrace/bundler");
    usableDirectory(folder, "`millrace init FOLDER`");
    return writeEditorSettings(folder, apiTypes());
  },
};

async function startDriver({
  graceMs,
  tls: files,
  advertise,
  jobPorts,
  ...request
}: DriverRequest): Promise<DriverHandle> {
  const { DriverSupervisor } = await import("@millrace/driver");
  const { formatAddress, readTls } = await import("@millrace/rpc");
  const tls = readTls(files);
  const log = createLogger({ name: "driver" });
  const supervisor = await DriverSupervisor.start({
    ...request,
    ...(tls === undefined ? {} : { tls }),
    ...(advertise === undefined ? {} : { advertise }),
    ...(jobPorts === undefined ? {} : { jobPorts }),
    clock: new SystemClock(),
    log,
  });
  let stopped: Promise<readonly JobId[]> | undefined;
  const taken = supervisor.taken.then(async (error): Promise<never> => {
    for (const job of await supervisor.jobs()) await supervisor.kill(job.id);
    stopped ??= supervisor.shutdown(0);
    await stopped;
    throw error;
  });
  taken.catch(() => undefined); // for whoever waits for it
  return {
    taken,
    address: formatAddress({ host: request.host, port: supervisor.port }),
    health: formatAddress({ host: request.host, port: supervisor.uiPort }),
    async stop(graceful) {
      stopped ??= supervisor.shutdown(graceMs);
      if (!graceful) for (const job of await supervisor.jobs()) await supervisor.kill(job.id);
      return stopped;
    },
  };
}

async function startExecutor({
  driver,
  memoryBytes,
  graceMs,
  tls: files,
  advertise,
  ...request
}: ExecutorRequest): Promise<ExecutorHandle> {
  const { memoryLimit, ExecutorSupervisor } = await import("@millrace/executor/supervisor");
  const { parseAddress, readTls } = await import("@millrace/rpc");
  const tls = readTls(files);
  const supervisor = new ExecutorSupervisor({
    ...request,
    graceMs,
    ...(tls === undefined ? {} : { tls }),
    ...(advertise === undefined ? {} : { advertise }),
    driver: parseAddress(driver),
    memoryBytes: memoryBytes ?? Math.floor(memoryLimit() * 0.75),
    clock: new SystemClock(),
    log: createLogger({ name: "executor" }),
  });
  return { ended: supervisor.ended, stop: (graceful) => (graceful ? supervisor.leave() : supervisor.stop()) };
}

async function bundled(
  file: string,
  onProgress: (step: string) => void,
  onFile?: (path: string) => void,
): Promise<Artefact> {
  const { bundleJob } = await import("@millrace/bundler");
  return bundleJob(file, { ...(await bundleOptions(file, onProgress)), onFile });
}

async function bundleOptions(file: string, onProgress: (step: string) => void): Promise<BundleOptions> {
  const { API_VERSION, bundleCacheDir } = await import("@millrace/bundler");
  const other = otherMillrace(file, API_VERSION);
  if (other !== undefined) onProgress(other);
  const apiExports = Object.keys(await import("@millrace/api"));
  return { apiExports, cacheDir: bundleCacheDir(process.env), onProgress };
}

/** The declarations of `import … from "millrace"` for a job's types: those built with the API's code. */
function apiTypes(): string {
  return fileURLToPath(import.meta.resolve("@millrace/api")).replace(/\.js$/, ".d.ts");
}
