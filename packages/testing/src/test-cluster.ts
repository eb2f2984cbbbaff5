import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, TestProcess } from "./process.ts";

/** A driver and executors as real processes of this machine, on ports that were free. */
export class TestCluster {
  readonly driver: TestProcess;
  readonly address: string;
  readonly directory: string;
  readonly executors: TestProcess[] = [];

  static async start(options: { readonly executors: number; readonly slots: number }): Promise<TestCluster> {
    const directory = await mkdtemp(join(tmpdir(), "millrace-test-"));
    const driver = TestProcess.millrace([
      "driver",
      "--port",
      "0",
      "--ui-port",
      "0",
      "--data-dir",
      join(directory, "driver"),
    ]);
    const [, address = ""] = await driver.says(/driver listening at (\S+)/);
    const cluster = new TestCluster(driver, address, directory);
    for (let i = 0; i < options.executors; i += 1) await cluster.addExecutor(options.slots);
    return cluster;
  }

  private constructor(driver: TestProcess, address: string, directory: string) {
    this.driver = driver;
    this.address = address;
    this.directory = directory;
  }

  async addExecutor(slots: number): Promise<TestProcess> {
    const executor = TestProcess.millrace([
      "executor",
      "--driver",
      this.address,
      "--slots",
      String(slots),
      "--work-dir",
      join(this.directory, `executor-${this.executors.length}`),
    ]);
    this.executors.push(executor);
    await executor.says(/member of the cluster/);
    return executor;
  }

  /** Runs an operator's command to its end. */
  async command(...args: readonly string[]): Promise<Ended> {
    return TestProcess.millrace(args, { env: { MILLRACE_DRIVER: this.address } }).ended;
  }

  /** Runs an operator's command with `--json` and reads what it printed. */
  async ask(...args: readonly string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.command(...args, "--json");
    if (code !== 0) throw new Error(`millrace ${args.join(" ")} exited with ${code}:\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** Submits a job and returns its id. */
  async submit(job: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.command("submit", job, "--json", ...args);
    if (code !== 0) throw new Error(`submit exited with ${code}:\n${stdout}\n${stderr}`);
    const answer = JSON.parse(stdout) as { readonly id: string }; // what submit --json prints
    return answer.id;
  }

  async stop(): Promise<void> {
    await this.driver.end();
    await Promise.all(this.executors.map((executor) => executor.end()));
    await rm(this.directory, { recursive: true, force: true });
  }
}
