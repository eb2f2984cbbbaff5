import { createLogger, EngineError, StreamTaker, SystemClock, type Timer, unreachable } from "@millrace/base";
import type { DataAddress } from "@millrace/rpc";
import { dialDriver } from "@millrace/rpc/grpc";
import {
  type DriverLoss,
  type DriverLossEffect,
  type DriverLossEvent,
  driverLoss,
  stepDriverLoss,
} from "@millrace/scheduler";
import { JobExecutor } from "../job-executor.ts";
import { workerThreads } from "../slots/executor-threads.ts";
import type { FromJobExecutor, ToJobExecutor } from "./process-protocol.ts";

// The process of one job on one executor. It belongs to the supervisor that forked it: when their channel closes, the
// supervisor is gone and nothing else would end this process, so it exits. It outlives the job's driver, and goes on with
// the next one.

process.setSourceMapsEnabled(true);
const log = createLogger({ name: "job-executor" });
const streams = { stdout: new StreamTaker(process.stdout), stderr: new StreamTaker(process.stderr) };
let executor: JobExecutor | undefined;

function tell(message: FromJobExecutor): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined); // a supervisor that has just ended need not be told
}

/** How the process stands to the drivers of its job, from its start on. */
let link: DriverLink | undefined;

async function start(message: Extract<ToJobExecutor, { readonly type: "start" }>): Promise<void> {
  const { job, slots, driver, driverRun, token, host, advertise, insecure, tls, workDir, poolBytes, slotHeapBytes } =
    message;
  const security = { token, ...(tls === undefined ? {} : { tls }) };
  const drivers = new DriverLink(driverRun, driver, {
    dial: (address) => void executor?.rebind(() => dialDriver({ address, ...security })),
    giveUp: () => void executor?.stop(),
  });
  link = drivers;
  executor = await JobExecutor.start({
    job,
    executor: message.executor,
    slots,
    session: dialDriver({ address: driver, ...security }),
    onDriverLost: (error) => {
      log.warn({ job }, error.message);
      drivers.onEvent({ type: "lost" });
    },
    threads: workerThreads,
    data: { kind: "tcp", host, advertise, driverHost: driver.host, insecure, ...security },
    workDir,
    poolBytes,
    slotHeapBytes,
    commands: {
      started: (group) => tell({ type: "commandStarted", group }),
      ended: (group) => tell({ type: "commandEnded", group }),
    },
    clock: new SystemClock(),
    log,
    output: (stream, bytes) => streams[stream].write(bytes),
  });
  const error = await executor.ended;
  if (error !== undefined && !isLossOfDriver(error)) return fail(error);
  if (error !== undefined) log.warn({ job }, error.message);
  await exit(0);
}

/**
 * Usually the job is over. If not, its driver has lost this process too and reported it, and the supervisor starts
 * another.
 */
function isLossOfDriver(error: Error): boolean {
  return error instanceof EngineError && error.code === "SESSION_LOST";
}

/** Carries out what the process does when its driver is gone. */
class DriverLink {
  readonly #state: DriverLoss;
  readonly #act: { dial(address: DataAddress): void; giveUp(): void };
  readonly #clock = new SystemClock();
  /** The address that was told last. */
  #address: DataAddress;
  #wake: Timer | undefined;

  constructor(run: number, address: DataAddress, act: { dial(address: DataAddress): void; giveUp(): void }) {
    this.#state = driverLoss(run);
    this.#address = address;
    this.#act = act;
  }

  onDriver(address: DataAddress, run: number): void {
    this.#address = address;
    this.onEvent({ type: "driver", run });
  }

  onEvent(event: DriverLossEvent): void {
    for (const effect of stepDriverLoss(this.#state, event)) this.#perform(effect);
  }

  #perform(effect: DriverLossEffect): void {
    switch (effect.type) {
      case "dial":
        return this.#act.dial(this.#address);
      case "giveUp":
        return this.#act.giveUp();
      case "wakeAfter":
        this.#wake?.cancel();
        this.#wake = this.#clock.after(effect.delay, () => this.onEvent({ type: "tick" }));
        return;
      case "cancelWake":
        return this.#wake?.cancel();
      default:
        return unreachable(effect);
    }
  }
}

/** The supervisor reads the last lines of standard error for the reason. */
function fail(error: unknown): Promise<void> {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return exit(1);
}

/** Exits once all output is in its pipes: output still waiting for room would be lost. */
async function exit(code: number): Promise<void> {
  await Promise.all([streams.stdout.flush(), streams.stderr.flush()]);
  process.exit(code);
}

function leave(): void {
  if (executor === undefined) process.exit(0); // nothing of the job is here yet
  executor.leave();
}

async function stop(): Promise<void> {
  await executor?.stop();
  await exit(0);
}

process.on("message", (message: ToJobExecutor) => {
  switch (message.type) {
    case "start":
      return void start(message).catch(fail);
    case "hold":
      return link?.onEvent({ type: "held" });
    case "driver":
      return link?.onDriver(message.driver, message.driverRun);
    case "leave":
      return leave();
    case "stop":
      return void stop().catch(fail);
    default:
      return unreachable(message);
  }
});
process.on("disconnect", () => process.exit(1));
// Terminals send Ctrl-C and hang-ups to the whole group, service managers SIGTERM: the supervisor decides, and tells
// us.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
