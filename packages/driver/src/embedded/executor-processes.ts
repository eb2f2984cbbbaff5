import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  Backoff,
  type ExecutorId,
  executorId,
  millis,
  SystemClock,
  systemRng,
  type Timer,
  toWireError,
} from "@millrace/base";
import { JobExecutorProcess } from "@millrace/executor";
import type { DataAddress } from "@millrace/rpc";
import type { RpcServer } from "@millrace/rpc/grpc";
import type { EmbeddedExecutors, EmbeddedExecutorsOptions } from "./embedded-executors.ts";
import type { Master } from "./master.ts";

const HOST = "127.0.0.1";
const STOP_GRACE_MS = 5_000;
const RESTART = { min: millis(200), max: millis(10_000) };

/** Starts `E` executor processes that dial this one, and replaces each that exits unasked. */
export async function startExecutorProcesses(
  master: Extract<Master, { readonly kind: "local-cluster" }>,
  options: EmbeddedExecutorsOptions,
): Promise<EmbeddedExecutors> {
  const token = randomBytes(24).toString("base64url");
  // The processes load their code while this one loads gRPC and begins to listen.
  const server = listen(token, options.onSession);
  const driver = server.then(({ address }) => ({ address, token }));
  const executors = Array.from(
    { length: master.executors },
    (_, index) => new EmbeddedExecutor(executorId(`executor-${index}`), master.slots, driver, options),
  );
  try {
    const listening = await server;
    return {
      data: { kind: "tcp", host: HOST, token, insecure: false },
      failed: new Promise(() => undefined), // a process that exits is replaced
      close: () => close(listening, executors),
    };
  } catch (error) {
    await Promise.all(executors.map((executor) => executor.stop()));
    throw error;
  }
}

async function listen(token: string, onSession: EmbeddedExecutorsOptions["onSession"]): Promise<RpcServer> {
  const { listenSessions } = await import("@millrace/rpc/grpc");
  return listenSessions({ host: HOST, port: 0, token, onSession });
}

interface DriverAddress {
  readonly address: DataAddress;
  readonly token: string;
}

async function close(server: RpcServer, executors: readonly EmbeddedExecutor[]): Promise<void> {
  await Promise.all(executors.map((executor) => executor.stop()));
  await server.close();
}

/** One executor: its process, or the next one after a back-off pause. */
class EmbeddedExecutor {
  readonly #id: ExecutorId;
  readonly #slots: number;
  readonly #driver: Promise<DriverAddress>;
  readonly #options: EmbeddedExecutorsOptions;
  readonly #clock = new SystemClock();
  #process: JobExecutorProcess;
  readonly #backoff = new Backoff(RESTART, systemRng());
  #restart: Timer | undefined;
  #stopping = false;

  constructor(id: ExecutorId, slots: number, driver: Promise<DriverAddress>, options: EmbeddedExecutorsOptions) {
    this.#id = id;
    this.#slots = slots;
    this.#driver = driver;
    this.#options = options;
    this.#process = this.#start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#restart?.cancel();
    await this.#process.stop(STOP_GRACE_MS);
  }

  #start(): JobExecutorProcess {
    const { job, directory, memory } = this.#options;
    const start = Promise.all([this.#driver, memory]).then(([{ address, token }, sizes]) => ({
      type: "start" as const,
      job,
      executor: this.#id,
      slots: this.#slots,
      driver: address,
      driverRun: 0,
      token,
      host: HOST,
      advertise: HOST,
      insecure: false,
      workDir: join(directory, this.#id),
      ...sizes,
    }));
    const started = new JobExecutorProcess(job, start, {
      clock: this.#clock,
      output: this.#options.executorOutput,
      logLevel: this.#options.log.level,
    });
    void started.exited.then((error) => {
      if (this.#stopping) return;
      if (error !== undefined) this.#options.onExit(this.#id, toWireError(error));
      this.#restart = this.#clock.after(this.#backoff.next(), () => {
        this.#process = this.#start();
      });
    });
    return started;
  }
}
