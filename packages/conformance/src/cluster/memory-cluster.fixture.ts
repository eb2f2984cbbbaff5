import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobDefinition } from "@millrace/api";
import {
  type EngineError,
  type EpochMs,
  epochMs,
  executorId,
  jobId,
  ManualClock,
  millis,
  parseConf,
  silentLogger,
} from "@millrace/base";
import { type FromJobThread, JobDriver, type JobDriverEvent, type ToJobThread } from "@millrace/driver/in-process";
import { type ExecutorThreads, InThreadLog, JobExecutor } from "@millrace/executor";
import { type BlockNetwork, type BlockServer, type FromExecutor, MemoryNetwork, type ToExecutor } from "@millrace/rpc";
import { answerProbe, LocalFileSystem, SpillDirectory } from "@millrace/storage";
import { InThreadSlots, type LoadedJob, loadInline } from "@millrace/testing/in-process";
import { type InThreadJob, inThreadJob } from "./in-thread-job.fixture.ts";
import type { FileStep } from "./watched-files.fixture.ts";
import { Wire } from "./wire.fixture.ts";

const JOB = jobId("job");
export const START: EpochMs = epochMs(1_000_000);
const POOL_BYTES = 8 << 20;
/** Turns of the event loop without a message or an open file after which nothing is under way. */
const QUIET_TURNS = 3;
/** A cluster that is not idle after this many messages has a message loop. */
const MESSAGES_MAX = 100_000;
/** Time passes in such steps, so that timers and messages take turns as they do in processes. */
const STEP = 100;

/** Something that passes between the parts of the cluster. */
export type Traffic =
  | { readonly what: "toExecutor"; readonly executor: string; readonly message: ToExecutor }
  | { readonly what: "toDriver"; readonly executor: string; readonly message: FromExecutor }
  | { readonly what: "toThread"; readonly message: ToJobThread }
  | { readonly what: "fromThread"; readonly message: FromJobThread }
  | { readonly what: "file"; readonly message: FileStep };

interface Fault {
  readonly when: (traffic: Traffic) => boolean;
  readonly act: (traffic: Traffic) => void;
  fired: boolean;
}

export interface MemoryClusterOptions {
  /** Batches begin once this many are ready. */
  readonly executors?: number;
  readonly conf?: Readonly<Record<string, string>>;
  readonly batches?: number;
  /** Names of what may be dropped from its checkpoint. */
  readonly drop?: readonly string[];
  readonly availableNow?: boolean;
  /** The working directory of its processes; by default one of its own. */
  readonly directory?: string;
  /** The time at which it is started. */
  readonly at?: EpochMs;
}

/**
 * A whole cluster in the thread of a test: the job driver, its machines and shells, executors, sessions and blocks are
 * the real ones; threads and sockets are ports, and time passes when the test says so.
 */
export class MemoryCluster {
  readonly clock: ManualClock = new ManualClock(START);
  readonly events: JobDriverEvent[] = [];
  readonly driver: JobDriver;
  readonly #directory: string;
  readonly #job: LoadedJob;
  readonly #thread: InThreadJob;
  readonly #network: MemoryNetwork;
  readonly #executors = new Map<
    string,
    { readonly wire: Wire; readonly network: FragileNetwork; running: JobExecutor }
  >();
  readonly #see: (one: Traffic) => void;
  readonly #faults: Fault[];
  readonly #traffic: { messages: number };
  readonly #gone = new Set<string>();
  #killed = false;

  static async start(definition: JobDefinition, options: MemoryClusterOptions = {}): Promise<MemoryCluster> {
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), "millrace-cluster-"));
    const clock = new ManualClock(options.at ?? START);
    const job = loadInline(definition);
    const network = new MemoryNetwork();
    const events: JobDriverEvent[] = [];
    const faults: Fault[] = [];
    const traffic = { messages: 0 };
    const see = (one: Traffic): void => {
      traffic.messages += 1;
      for (const fault of faults) {
        if (fault.fired || !fault.when(one)) continue;
        fault.fired = true;
        fault.act(one);
      }
    };
    const thread = inThreadJob(job, clock, {
      toThread: (message) => see({ what: "toThread", message }),
      fromThread: (message) => see({ what: "fromThread", message }),
      onFile: (step) => see({ what: "file", message: step }),
    });
    const driver = await JobDriver.start({
      job: JOB,
      name: undefined,
      thread: thread.open,
      artefact: Uint8Array.of(0), // the code is in this thread already
      args: [],
      drop: options.drop ?? [],
      conf: options.conf ?? {},
      dataDir: directory,
      heapBytes: parseConf({})["driver.heap"],
      batches: options.batches,
      availableNow: options.availableNow === true,
      data: { kind: "memory", network },
      cluster: true,
      executors: options.executors ?? 1,
      gatherMs: 10_000,
      clock,
      log: silentLogger(),
      executorsHint: "",
      onEvent: (event) => void events.push(event),
      output: () => undefined,
    });
    return new MemoryCluster({ see, clock, job, network, events, faults, traffic, thread, driver, directory });
  }

  private constructor(parts: {
    readonly see: (one: Traffic) => void;
    readonly clock: ManualClock;
    readonly job: LoadedJob;
    readonly network: MemoryNetwork;
    readonly events: JobDriverEvent[];
    readonly faults: Fault[];
    readonly traffic: { messages: number };
    readonly thread: InThreadJob;
    readonly driver: JobDriver;
    readonly directory: string;
  }) {
    this.#see = parts.see;
    this.clock = parts.clock;
    this.events = parts.events;
    this.driver = parts.driver;
    this.#directory = parts.directory;
    this.#job = parts.job;
    this.#thread = parts.thread;
    this.#network = parts.network;
    this.#faults = parts.faults;
    this.#traffic = parts.traffic;
  }

  /** Another executor dials the driver; it is ready when this resolves, or refused. @param files As that executor has them. */
  async join(name: string, slots = 1, files: LocalFileSystem = new LocalFileSystem()): Promise<void> {
    if (this.#killed) return;
    const see = this.#see;
    const wire = new Wire({
      toExecutor: (message) => see({ what: "toExecutor", executor: name, message }),
      toDriver: (message) => see({ what: "toDriver", executor: name, message }),
    });
    const network = new FragileNetwork(this.#network);
    const starting = JobExecutor.start({
      job: JOB,
      executor: executorId(name),
      slots,
      session: wire.executorEnd,
      data: { kind: "memory", network },
      threads: inThread(this.#job, files),
      workDir: join(this.#directory, name),
      poolBytes: POOL_BYTES,
      slotHeapBytes: 128 << 20,
      clock: this.clock,
      log: silentLogger(),
      output: () => undefined,
    });
    this.#executors.set(name, { wire, network, running: await starting });
    this.driver.accept(wire.driverEnd);
    await this.idle();
  }

  /** The executors that are neither lost nor hang. */
  get members(): readonly string[] {
    return [...this.#executors.keys()].filter((name) => !this.#gone.has(name));
  }

  /** The executor's process is killed: its data is lost, and so are its messages that have not arrived. */
  lose(name: string): void {
    this.#gone.add(name);
    const { wire, network, running } = this.#of(name);
    network.cut();
    wire.cut();
    void running.stop();
  }

  /** The executor's process hangs, with its connection open. */
  hang(name: string): void {
    this.#gone.add(name);
    this.#of(name).wire.silence();
  }

  /** The thread of the job's code ends by itself. */
  loseThread(error: EngineError): void {
    this.#thread.die(error);
  }

  /** Every process is killed at once: nothing is told, nothing is finished, and time stands still. */
  kill(): void {
    this.#killed = true;
    this.#thread.kill();
    for (const name of this.#executors.keys()) this.lose(name);
    this.#faults.length = 0;
  }

  /** Does something once, as soon as this passes. @returns Whether it has passed. */
  once(when: (traffic: Traffic) => boolean, act: (traffic: Traffic) => void): () => boolean {
    const fault: Fault = { when, act, fired: false };
    this.#faults.push(fault);
    return () => fault.fired;
  }

  /** Lets everything happen that needs no time to pass. */
  async idle(): Promise<void> {
    const first = this.#traffic.messages;
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      const before = this.#traffic.messages;
      if (before - first > MESSAGES_MAX) throw new Error("the cluster does not come to rest");
      await new Promise<void>((resolve) => setImmediate(resolve));
      quiet = before === this.#traffic.messages && !filesAreOpen() ? quiet + 1 : 0;
    }
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.idle();
    for (let left = ms; left > 0; left -= STEP) {
      this.clock.advance(millis(Math.min(STEP, left)));
      await this.idle();
    }
  }

  /** Codes of all warnings, in order. */
  get warnings(): readonly string[] {
    return this.events.flatMap((event) => (event.type === "warning" ? [event.warning.code] : []));
  }

  /** `undefined`: the job is not over. */
  get end(): string | undefined {
    const ended = this.events.find((event) => event.type === "ended");
    if (ended?.type !== "ended") return undefined;
    return ended.end.state === "finished" ? "finished" : `${ended.end.state}: ${ended.end.error.message}`;
  }

  /** Whatever has become of the job; its files go. */
  async close(): Promise<void> {
    this.driver.stop({ graceful: false, reason: { kind: "operator" } });
    await Promise.all([...this.#executors.values()].map(({ running }) => running.stop()));
    await this.pass(2_000);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #of(name: string) {
    const executor = this.#executors.get(name);
    if (executor === undefined) throw new Error(`no executor ${name} was started`);
    return executor;
  }
}

/** Requests to the file system of this thread that have no answer yet. */
function filesAreOpen(): boolean {
  return process.getActiveResourcesInfo().some((kind) => kind.startsWith("FSReq") || kind === "CloseReq");
}

/** The network as one executor has it: gone with its process. */
class FragileNetwork implements BlockNetwork {
  readonly #network: BlockNetwork;
  readonly #servers: BlockServer[] = [];

  constructor(network: BlockNetwork) {
    this.#network = network;
  }

  serve(...args: Parameters<BlockNetwork["serve"]>): BlockServer {
    const server = this.#network.serve(...args);
    this.#servers.push(server);
    return server;
  }

  client(): ReturnType<BlockNetwork["client"]> {
    return this.#network.client();
  }

  cut(): void {
    for (const server of this.#servers) void server.close();
  }
}

/** Slots in this thread, which find the job's functions where the test has them. */
function inThread({ functions }: LoadedJob, files: LocalFileSystem): ExecutorThreads {
  return {
    install: async () => ({ module: "", externals: [] }),
    slots: (options, handlers) => {
      const { pool, slots, conf, clock, workDir } = options;
      return new InThreadSlots({
        pool,
        slots,
        conf,
        clock,
        functions,
        spills: new SpillDirectory(workDir, pool.owner),
        faults: undefined,
        onEnd: (attempt, end) => handlers.onEnd(attempt, end),
        onLost: () => undefined,
      });
    },
    receivedLog: (options) => new InThreadLog(files, options),
    answerProbe: (probe, who) => answerProbe(files, probe, who),
  };
}
