import { join } from "node:path";
import type { Engine } from "./bench.ts";
import { Child, type ChildOptions } from "./child.ts";
import { commandOf, jobFile } from "./millrace.ts";

const POLL_MS = 500;
const PATIENCE_MS = 60_000;
const IDLE_MS = 3_000;

export interface ClusterOptions {
  readonly slots: number;
  readonly directory: string;
  /** `--memory` of the executor: the limit of a job's process there; by default the machine's. */
  readonly memory?: string;
  /** Environment of the executor and its processes. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A driver and one executor as an operator starts them, each a process of its own. */
export class Cluster {
  readonly driver: Child;
  readonly executor: Child;
  readonly #engine: Engine;
  readonly #address: string;

  private constructor(
    engine: Engine,
    at: { readonly address: string; readonly driver: Child; readonly executor: Child },
  ) {
    this.#engine = engine;
    this.#address = at.address;
    this.driver = at.driver;
    this.executor = at.executor;
  }

  /** Resolves when the executor has joined. */
  static async start(engine: Engine, options: ClusterOptions): Promise<Cluster> {
    let listening: (address: string) => void = () => {};
    const heard = new Promise<string>((resolve) => {
      listening = resolve;
    });
    const driver = new Child({
      args: [
        commandOf(engine),
        "driver",
        "--port",
        "0",
        "--ui-port",
        "0",
        "--data-dir",
        join(options.directory, "driver"),
      ],
      onLine: (line) => {
        const address = /listening at (\S+:\d+)/.exec(line)?.[1];
        if (address !== undefined) listening(address);
      },
    });
    try {
      const address = await Promise.race([
        heard,
        driver.done.then(() => Promise.reject(new Error("the driver ended"))),
      ]);
      const workDir = join(options.directory, "executor");
      const executor = new Child({
        args: [
          commandOf(engine),
          "executor",
          "--driver",
          address,
          "--slots",
          String(options.slots),
          "--work-dir",
          workDir,
          ...(options.memory === undefined ? [] : ["--memory", options.memory]),
        ],
        ...(options.env === undefined ? {} : { env: options.env }),
      });
      const cluster = new Cluster(engine, { address, driver, executor });
      await cluster.#until("the executor to join", async () =>
        (await cluster.ask(["executors"])).includes("connected"),
      );
      return cluster;
    } catch (error) {
      await driver.stop();
      throw error;
    }
  }

  /** Waits a moment, for work caused by the latest events to finish. */
  async untilIdle(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  }

  /** @returns The job's id. */
  async submit(job: string, args: readonly (string | number)[]): Promise<string> {
    const output = await this.#command(["submit", jobFile(job)], ["--", ...args.map(String)]);
    const id = output.trim().split("\n").at(-1);
    if (id === undefined || id === "") throw new Error("submit printed no job id");
    return id;
  }

  async untilBatches(job: string, batches: number): Promise<void> {
    await this.#until(`${batches} batches of ${job}`, async () => {
      const completed = /"batchesCompleted":\s*(\d+)/.exec(await this.ask(["status", job]))?.[1];
      return Number(completed ?? 0) >= batches;
    });
  }

  async stop(): Promise<void> {
    await this.executor.stop();
    await this.driver.stop();
  }

  /** Submits a job and follows its output; resolves when the job has ended, rejects if it failed. */
  follow(job: string, args: readonly (string | number)[], options: Omit<ChildOptions, "args">): Child {
    return this.#start(["submit", jobFile(job), "--follow"], { ...options, own: ["--", ...args.map(String)] });
  }

  /** Asks the job to end. */
  async stopJob(job: string): Promise<void> {
    await this.#command(["stop", job], []);
  }

  /** The output of a command with `--json`. */
  ask(command: readonly string[]): Promise<string> {
    return this.#command([...command, "--json"], []);
  }

  async #command(command: readonly string[], own: readonly string[]): Promise<string> {
    const lines: string[] = [];
    await this.#start(command, { own, onLine: (line) => lines.push(line) }).done;
    return lines.join("\n");
  }

  #start(
    command: readonly string[],
    { own, ...options }: Omit<ChildOptions, "args"> & { readonly own: readonly string[] },
  ): Child {
    return new Child({ args: [commandOf(this.#engine), ...command, "--driver", this.#address, ...own], ...options });
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const start = performance.now(); performance.now() - start < PATIENCE_MS; ) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`waited ${PATIENCE_MS / 1000} s in vain for ${what}`);
  }
}
