import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EngineError,
  type ExecutorId,
  epochMs,
  executorId,
  jobId,
  parseConf,
  SystemClock,
  silentLogger,
  type TakeOutput,
} from "@millrace/base";
import { API_VERSION, makeArtefact, packArtefact } from "@millrace/bundler";
import { decodeBlock, emptyClassTable, encodeBlock } from "@millrace/codec";
import {
  type BlockId,
  type BlockLocation,
  blockId,
  fnSlot,
  type LaunchTask,
  type Op,
  type Source,
  type StageSink,
  type StageTemplate,
  stageRunId,
  type TaskOutcome,
  type TaskStatus,
  type TemplateId,
} from "@millrace/plan";
import {
  type BlockClient,
  type BlockService,
  type DataAddress,
  DataClient,
  DataServer,
  type ExecutorSession,
  type FromExecutor,
  MemoryNetwork,
  type ReceivedLogPlace,
  sessionPair,
  type ToExecutor,
} from "@millrace/rpc";
import { dialDriver, listenSessions } from "@millrace/rpc/grpc";
import { JobExecutor } from "./job-executor.ts";
import { workerThreads } from "./slots/executor-threads.ts";

// Shared by the tests of this package: a scripted driver, and jobs of a few lines.

const cleanups: (() => unknown)[] = [];
/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}
export const later = (cleanup: () => unknown): void => void cleanups.push(cleanup);

export async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-executor-"));
  later(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The packed artefact of a job whose executor build is `code`; `hooks` is at hand there. */
function artefactOf(code: string, apiVersion: string = API_VERSION): Uint8Array {
  const manifest = { entry: "job.ts", apiVersion, externals: [], files: [], functions: 0 };
  const executor = `const hooks = globalThis[Symbol.for("millrace.job")];\n${code}`;
  return packArtefact(makeArtefact({ manifest, driver: "", executor }));
}

export const rows = (block: Uint8Array): unknown[] => [...decodeBlock(block, emptyClassTable)];
export const blockOf = (records: readonly unknown[]): Uint8Array => encodeBlock(records, emptyClassTable);

export function template(
  id: string,
  shape: {
    readonly source?: Source;
    readonly ops?: readonly Op[];
    readonly sink: StageSink;
    readonly functions?: readonly string[];
  },
): StageTemplate {
  const { source = { kind: "blocks", input: 0 }, ops = [], sink, functions = [] } = shape;
  return { id: id as TemplateId, pipeline: { source, ops }, sink, functions }; // a name is enough here
}

export const map = (slot: number): Op => ({ kind: "map", fn: fnSlot(slot), label: "map at job.ts:1:1" });

/** The driver's end of one executor. */
export class Remote {
  readonly session: ExecutorSession;
  readonly messages: FromExecutor[] = [];
  readonly closed: Promise<Error | undefined>;
  /** Received blocks are confirmed as soon as they are announced. */
  takesBlocks = true;
  #waiting: {
    readonly matches: (message: FromExecutor) => boolean;
    readonly resolve: (message: FromExecutor) => void;
  }[] = [];

  constructor(session: ExecutorSession) {
    this.session = session;
    session.onMessage((message) => {
      if (message.type === "received" && this.takesBlocks) {
        const { stream, blocks } = message;
        session.send({ type: "blocksTaken", stream, blocks: blocks.map(({ id }) => id) });
      }
      const at = this.#waiting.findIndex(({ matches }) => matches(message));
      if (at < 0) this.messages.push(message);
      else this.#waiting.splice(at, 1)[0]?.resolve(message);
    });
    this.closed = new Promise((resolve) => session.onClose(resolve));
  }

  /** The next message of a type that matches, including earlier ones; heartbeats are skipped. */
  take<Type extends FromExecutor["type"]>(
    type: Type,
    fits: (message: Extract<FromExecutor, { readonly type: Type }>) => boolean = () => true,
  ): Promise<Extract<FromExecutor, { readonly type: Type }>> {
    type Wanted = Extract<FromExecutor, { readonly type: Type }>;
    const matches = (message: FromExecutor): message is Wanted => message.type === type && fits(message as Wanted); // by its type
    const at = this.messages.findIndex(matches);
    const known = at < 0 ? undefined : this.messages.splice(at, 1)[0];
    if (known !== undefined) return Promise.resolve(known as Wanted); // findIndex matched it
    return new Promise((resolve) => this.#waiting.push({ matches, resolve: (message) => resolve(message as Wanted) })); // as above
  }

  send(message: ToExecutor): void {
    this.session.send(message);
  }

  stage(run: number, of: StageTemplate, more: Partial<Extract<ToExecutor, { readonly type: "stage" }>> = {}): void {
    this.send({ type: "template", template: of });
    this.begin(run, of, more);
  }

  /** A stage whose template this executor should have. */
  begin(run: number, of: StageTemplate, more: Partial<Extract<ToExecutor, { readonly type: "stage" }>> = {}): void {
    this.send({
      type: "stage",
      run: stageRunId(run),
      batch: epochMs(1_000),
      templates: [of.id],
      captures: [new Uint8Array(0)],
      broadcasts: [],
      writes: undefined,
      partitions: 1,
      ...more,
    });
  }

  async run(task: Partial<LaunchTask> & { readonly run: LaunchTask["run"] }): Promise<TaskOutcome> {
    const whole: LaunchTask = { partition: 0, attempt: 0, template: 0, inputs: [], slot: 0, ...task };
    this.send({ type: "launch", tasks: [whole] });
    return this.outcome(whole);
  }

  async outcome(task: LaunchTask): Promise<TaskOutcome> {
    const same = ({ task: key }: TaskStatus): boolean =>
      key.run === task.run && key.partition === task.partition && key.attempt === task.attempt;
    const { statuses } = await this.take("tasks", (message) => message.statuses.some(same));
    const status = statuses.find(same);
    if (status === undefined) throw new Error("no such status");
    return status.outcome;
  }
}

export interface Lab {
  remote: Remote;
  readonly executor: JobExecutor;
  readonly driverBlocks: Map<string, Uint8Array>;
  readonly workDir: string;
  /** A block of the driver's, as tasks refer to it. */
  put(id: string, block: Uint8Array): BlockLocation;
  /** A block of the executor's, as others fetch it; `undefined`: it does not hold it. */
  read(id: BlockId): Promise<Uint8Array | undefined>;
}

/** The records of blocks that the executor holds. */
export async function recordsAt(lab: Lab, ...blocks: readonly { readonly id: BlockId }[]): Promise<unknown[]> {
  const records: unknown[] = [];
  for (const { id } of blocks) {
    const block = await lab.read(id);
    if (block === undefined) throw new Error(`block ${id} is not held`);
    // One by one: there may be more lines in a block than a call takes arguments.
    for (const record of rows(block)) records.push(record);
  }
  return records;
}

const JOB_CODE = `
  hooks.define("double", () => (x) => x * 2);
  hooks.define("fail", () => (x) => { throw new RangeError("no " + x); });
  hooks.define("exit", () => (x) => process.exit(3));
  hooks.define("loop", () => (x) => { for (;;); });
  hooks.define("pair", () => (x) => [x, 1]);
  hooks.define("add", () => (a, b) => a + b);
`;

const ARTEFACT = blockId("artefact");
const CONF = {
  "task.cancel.grace": "50ms",
  "receiver.restart.delay.min": "20ms",
  "receiver.restart.delay.max": "50ms",
};

/** One executor within this process, welcomed; ready unless its job does not load. */
export async function localLab(
  options: {
    readonly slots?: number;
    readonly code?: string;
    /** The version of the API that the job was bundled for; by default the executor's own. */
    readonly apiVersion?: string;
    readonly awaitReady?: boolean;
    readonly poolBytes?: number;
    readonly output?: TakeOutput;
    /** Settings of the job. */
    readonly conf?: Readonly<Record<string, string>>;
    readonly receivedLog?: ReceivedLogPlace;
  } = {},
): Promise<LocalLab> {
  const { driverEnd, executorEnd } = sessionPair();
  const driverBlocks = new Map<string, Uint8Array>([
    [ARTEFACT, artefactOf(options.code ?? JOB_CODE, options.apiVersion)],
  ]);
  const network = new MemoryNetwork();
  const data = network.serve(servedBlocks(driverBlocks));
  const remote = new Remote(driverEnd);
  const workDir = join(await temporary(), "work");
  const executor = await JobExecutor.start({
    job: jobId("j-1"),
    executor: executorId("e-1"),
    slots: options.slots ?? 1,
    session: executorEnd,
    data: { kind: "memory", network },
    threads: workerThreads,
    workDir,
    poolBytes: options.poolBytes ?? 64 << 20,
    slotHeapBytes: 128 << 20,
    clock: new SystemClock(),
    log: silentLogger(),
    output: options.output ?? (() => undefined),
  });
  later(() => executor.stop());
  const hello = await remote.take("hello");
  welcome(remote, driverBlocks, data.address, options.conf, options.receivedLog);
  if (options.awaitReady !== false) await remote.take("ready");
  return {
    remote,
    executor,
    driverBlocks,
    workDir,
    put: putter(driverBlocks),
    read: reader(network.client(), hello.data),
    rebind: async () => {
      const next = sessionPair();
      const driver = new Remote(next.driverEnd);
      await executor.rebind(() => next.executorEnd);
      await driver.take("hello");
      welcome(driver, driverBlocks, data.address, options.conf, options.receivedLog);
      return driver;
    },
  };
}

/** One executor of {@link localLab}, which outlives its driver. */
export interface LocalLab extends Lab {
  /** The executor goes over to another driver, which welcomes it. */
  rebind(): Promise<Remote>;
}

/** Executors within this process that use gRPC and framed TCP, as on a cluster. */
export async function clusterLab(count: number): Promise<readonly Lab[]> {
  const token = "secret";
  const driverBlocks = new Map<string, Uint8Array>([[ARTEFACT, artefactOf(JOB_CODE)]]);
  const data = await DataServer.listen({ host: "127.0.0.1", port: 0, token, blocks: servedBlocks(driverBlocks) });
  later(() => data.close());
  const client = new DataClient({ token });
  later(() => client.close());
  const labs: Lab[] = [];
  const peers = new Map<ExecutorId, DataAddress>();
  for (let n = 1; n <= count; n++) {
    let accept = (_session: ExecutorSession): void => {};
    const accepted = new Promise<ExecutorSession>((resolve) => {
      accept = resolve;
    });
    const server = await listenSessions({ host: "127.0.0.1", port: 0, token, onSession: accept });
    later(() => server.close());
    const workDir = join(await temporary(), "work");
    const executor = await JobExecutor.start({
      job: jobId("j-1"),
      executor: executorId(`e-${n}`),
      slots: 1,
      session: dialDriver({ address: server.address, token }),
      data: { kind: "tcp", host: "127.0.0.1", driverHost: "127.0.0.1", token },
      threads: workerThreads,
      workDir,
      poolBytes: 64 << 20,
      slotHeapBytes: 128 << 20,
      clock: new SystemClock(),
      log: silentLogger(),
      output: () => undefined,
    });
    later(() => executor.stop());
    const remote = new Remote(await accepted);
    const hello = await remote.take("hello");
    peers.set(hello.executor, hello.data);
    labs.push({
      remote,
      executor,
      driverBlocks,
      workDir,
      put: putter(driverBlocks),
      read: reader(client, hello.data),
    });
  }
  for (const { remote } of labs) {
    welcome(remote, driverBlocks, data.address);
    remote.send({ type: "peers", peers });
  }
  await Promise.all(labs.map(({ remote }) => remote.take("ready")));
  return labs;
}

function welcome(
  remote: Remote,
  blocks: ReadonlyMap<string, Uint8Array>,
  data: { readonly host: string; readonly port: number },
  conf: Readonly<Record<string, string>> = {},
  receivedLog?: ReceivedLogPlace,
): void {
  const bytes = blocks.get(ARTEFACT)?.byteLength ?? 0;
  remote.send({
    type: "welcome",
    conf: parseConf({ ...CONF, ...conf }),
    artefact: { id: ARTEFACT, bytes, at: ["driver"] },
    data,
    receivedLog,
    probe: undefined,
  });
}

function putter(blocks: Map<string, Uint8Array>): Lab["put"] {
  return (id, block) => {
    blocks.set(id, block);
    return { id: blockId(id), bytes: block.byteLength, at: ["driver"] };
  };
}

function reader(client: BlockClient, address: DataAddress): Lab["read"] {
  return async (id) => {
    try {
      return await client.fetch(address, id);
    } catch (error) {
      if (error instanceof EngineError && error.code === "BLOCK_NOT_HELD") return undefined;
      throw error;
    }
  };
}

const servedBlocks = (blocks: ReadonlyMap<string, Uint8Array>): BlockService => ({
  read: (id) => whole(blocks, id),
  write: () => {
    throw new Error("the driver takes no blocks");
  },
});

function whole(blocks: ReadonlyMap<string, Uint8Array>, id: BlockId): readonly Uint8Array[] | undefined {
  const block = blocks.get(id);
  return block === undefined ? undefined : [block];
}
