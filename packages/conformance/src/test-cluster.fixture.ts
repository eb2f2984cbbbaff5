import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type JobId, jobId } from "@millrace/base";
import { type JobSummary, parseAddress, readTls } from "@millrace/rpc";
import { type OperatorClient, operatorClient } from "@millrace/rpc/grpc";
import { Lines } from "./lines.fixture.ts";
import { type Ended, TestProcess } from "./process.fixture.ts";

/** The path of a job in `jobs/`, also for what is built: the command bundles the source. */
export const jobFile = (name: string): string =>
  fileURLToPath(new URL(`../jobs/${name}.ts`, import.meta.url)).replace("/dist/jobs/", "/jobs/");

/** A job of a cluster under test, with its log as it grows. */
export class TestJob {
  readonly id: JobId;
  readonly log: Lines;
  /** Settles with its last state when its log ends. */
  readonly ended: Promise<JobSummary>;
  readonly #operator: OperatorClient;

  constructor(id: JobId, operator: OperatorClient) {
    this.id = id;
    this.#operator = operator;
    this.log = new Lines(`job ${id}`);
    this.ended = this.#follow();
    this.ended.catch(() => undefined); // a test that ends first is not interested any more
  }

  status(): Promise<JobSummary> {
    return this.#operator.status(this.id);
  }

  async stop(): Promise<JobSummary> {
    await this.#operator.stop(this.id);
    return this.ended;
  }

  async kill(): Promise<JobSummary> {
    await this.#operator.kill(this.id);
    return this.ended;
  }

  async #follow(): Promise<JobSummary> {
    try {
      for await (const { stream, text } of this.#operator.logs(this.id, { follow: true })) this.log.push(text, stream);
      return await this.status();
    } finally {
      this.log.end();
    }
  }
}

export interface ClusterOptions {
  readonly executors: number;
  readonly slots: number;
  /** Where the driver listens: this machine alone, unless given. */
  readonly host?: string;
  /** `--memory` of each executor. */
  readonly memory?: string;
  /** MILLRACE_TOKEN of every process and command of the cluster. */
  readonly token?: string;
  /** The folder of certificates, `process.pem`, `process.key` and `ours-ca.pem`, that every process and command uses. */
  readonly tls?: string;
  /** What the driver's process is started by: a program with its first arguments. @param dataDir Not there yet. */
  readonly driverWithin?: (dataDir: string) => readonly string[];
  /** More options of the driver. */
  readonly driverOptions?: readonly string[];
  /** More of the environment of every process and command. */
  readonly env?: Readonly<Record<string, string>>;
}

const LISTENS = /driver listening at (\S+), health at http:\/\/([^/]+)\//;

/** A driver and executors as real processes of this machine, on ports that were free. */
export class TestCluster {
  driver: TestProcess;
  readonly address: string;
  readonly uiAddress: string;
  readonly directory: string;
  readonly executors: TestProcess[] = [];
  operator: OperatorClient;
  readonly #driverArgs: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #memory: readonly string[];
  readonly #commands = new Set<TestProcess>();
  #over = false;

  static async start(options: ClusterOptions): Promise<TestCluster> {
    const directory = await mkdtemp(join(tmpdir(), "millrace-test-"));
    const dataDir = join(directory, "driver");
    const env: Readonly<Record<string, string>> = {
      ...options.env,
      ...(options.token === undefined ? {} : { MILLRACE_TOKEN: options.token }),
      ...(options.tls === undefined
        ? {}
        : {
            MILLRACE_TLS_CA: join(options.tls, "ours-ca.pem"),
            MILLRACE_TLS_CERT: join(options.tls, "process.pem"),
            MILLRACE_TLS_KEY: join(options.tls, "process.key"),
          }),
    };
    const host = options.host === undefined ? [] : ["--host", options.host];
    const ports = ["--port", "0", "--ui-port", "0"];
    const driverArgs = ["driver", ...host, ...(options.driverOptions ?? []), "--data-dir", dataDir];
    const within = options.driverWithin?.(dataDir) ?? [];
    const driver = TestProcess.millrace([...driverArgs, ...ports], { env, within });
    const [, address = "", ui = ""] = await driver.says(LISTENS);
    const cluster = new TestCluster(driver, { address, ui, directory, driverArgs, env, memory: options.memory });
    const started = Array.from({ length: options.executors }, () => cluster.startExecutor(options.slots));
    await Promise.all(started.map((executor) => executor.says(/member of the cluster/)));
    return cluster;
  }

  private constructor(
    driver: TestProcess,
    at: {
      readonly address: string;
      readonly ui: string;
      readonly directory: string;
      readonly driverArgs: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly memory: string | undefined;
    },
  ) {
    this.driver = driver;
    this.address = at.address;
    this.uiAddress = at.ui;
    this.directory = at.directory;
    this.#driverArgs = at.driverArgs;
    this.#env = at.env;
    this.#memory = at.memory === undefined ? [] : ["--memory", at.memory];
    this.operator = this.#dial();
  }

  #dial(): OperatorClient {
    const ca = this.#env.MILLRACE_TLS_CA;
    const tls = readTls(ca === undefined ? {} : { ca: { file: ca, option: "MILLRACE_TLS_CA" } });
    return operatorClient({
      address: parseAddress(this.address),
      token: this.#env.MILLRACE_TOKEN,
      ...(tls === undefined ? {} : { tls }),
    });
  }

  /** Starts the driver again where it was, on the same data directory, when the first one has ended. */
  async startDriverAgain(): Promise<void> {
    await this.driver.ended;
    this.#mustNotBeOver();
    this.operator.close();
    const [port = ""] = /\d+$/.exec(this.address) ?? [];
    this.driver = TestProcess.millrace([...this.#driverArgs, "--port", port, "--ui-port", "0"], { env: this.#env });
    this.operator = this.#dial();
    await this.driver.says(LISTENS);
  }

  /** @throws It was stopped, as when the time of a test is over that goes on all the same: nothing would end a new process. */
  #mustNotBeOver(): void {
    if (this.#over) throw new Error("the cluster was stopped");
  }

  /** A job that was submitted before, with its log from the beginning. */
  job(id: JobId): TestJob {
    return new TestJob(id, this.operator);
  }

  /** Starts one more; it is a member once it reports so. */
  startExecutor(
    slots: number,
    name = `e-${this.executors.length}`,
    more: Readonly<Record<string, string>> = {},
    flags: readonly string[] = [],
    within: readonly string[] = [],
  ): TestProcess {
    this.#mustNotBeOver();
    const workDir = join(this.directory, name);
    const options = ["--name", name, "--slots", String(slots), "--work-dir", workDir, ...this.#memory, ...flags];
    const executor = TestProcess.millrace(["executor", "--driver", this.address, ...options], {
      env: { ...this.#env, ...more },
      within,
    });
    this.executors.push(executor);
    return executor;
  }

  /** Runs an operator's command to its end. */
  async command(...args: readonly string[]): Promise<Ended> {
    this.#mustNotBeOver();
    const command = TestProcess.millrace(args, { env: { ...this.#env, MILLRACE_DRIVER: this.address } });
    this.#commands.add(command);
    const ended = await command.ended;
    this.#commands.delete(command);
    return ended;
  }

  /** Runs an operator's command with `--json` and parses its output. */
  async ask(...args: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.command(...args, "--json");
    if (code !== 0) throw new Error(`millrace ${args.join(" ")} exited with ${code}:\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** Submits a job of `jobs/` as a user does. */
  async submit(job: string, args: readonly string[] = [], options: readonly string[] = []): Promise<TestJob> {
    const { code, stdout, stderr } = await this.command("submit", jobFile(job), ...options, "--", ...args);
    if (code !== 0) throw new Error(`submit exited with ${code}:\n${stdout}\n${stderr}`);
    return new TestJob(jobId(stdout.trim()), this.operator);
  }

  async stop(): Promise<void> {
    this.#over = true;
    this.operator.close();
    await Promise.all([...this.#commands, this.driver, ...this.executors].map((process) => process.end()));
    await rm(this.directory, { recursive: true, force: true });
  }
}
