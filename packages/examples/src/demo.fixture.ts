import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const execute = promisify(execFile);

/** `npm run example -- NAME` in a folder of its own, and what it leaves there. */
export class Demonstration {
  readonly folder: string = mkdtempSync(join(tmpdir(), "millrace-example-"));
  readonly #process: ChildProcess;
  readonly ended: Promise<number | null>;
  /** All that it has printed, on both outputs. */
  output = "";
  readonly #waiting: (() => void)[] = [];
  readonly #servers: readonly string[];

  /** @param servers Those that are kept running, for a look at what is there; none by default. */
  constructor(name: string, { keep = [] }: { readonly keep?: readonly string[] } = {}) {
    this.#servers = keep;
    const flags = keep.length === 0 ? [] : ["--keep", this.folder];
    this.#process = spawn(process.execPath, [here("scripts/example.mjs"), name, ...flags], {
      env: { ...process.env, TMPDIR: this.folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        for (const look of this.#waiting) look();
      });
    }
    this.ended = new Promise((resolve) => this.#process.on("close", resolve));
  }

  /** Resolves when it has printed this; rejects with all that it has printed if it ends without. */
  async says(what: RegExp): Promise<void> {
    const said = new Promise<void>((resolve) => {
      const look = (): void => {
        if (what.test(this.output)) resolve();
      };
      this.#waiting.push(look);
      look();
    });
    const ended = this.ended.then(() => {
      if (!what.test(this.output)) throw new Error(`it ended without saying ${what}:\n${this.output}`);
    });
    await Promise.race([said, ended]);
  }

  /** As Ctrl-C does. */
  interrupt(): void {
    this.#process.kill("SIGINT");
  }

  /** What a server that was kept says of itself. */
  async endpoint(server: string, name: string): Promise<string> {
    const { stdout } = await execute(here(`scripts/servers/${server}.sh`), ["status", join(this.folder, server)]);
    return new RegExp(`^${name}=(.+)$`, "m").exec(stdout)?.[1] ?? "";
  }

  /** The committed values of a topic, as Kafka's own client reads them. */
  async readByJava(topic: string): Promise<readonly string[]> {
    const [pid] = readFileSync(join(this.folder, "kafka/kafka.pid"), "utf8").split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"); // has the jars after -cp
    const jars = command[command.indexOf("-cp") + 1] ?? "";
    const brokers = await this.endpoint("kafka", "KAFKA_BROKERS");
    const program = here("scripts/servers/kafka/ReadCommitted.java");
    const { stdout } = await execute("java", ["-XX:TieredStopAtLevel=1", "-cp", jars, program, brokers, topic]);
    return stdout.split("\n").filter(Boolean);
  }

  /** `hdfs dfs ARGS`, Hadoop's own command. */
  async dfs(...args: readonly string[]): Promise<string> {
    const jars = await this.endpoint("hdfs", "HDFS_CLASSPATH");
    const java = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", jars, "org.apache.hadoop.fs.FsShell"];
    return (await execute("java", [...java, ...args], { maxBuffer: 64 << 20 })).stdout;
  }

  /** The processes of this machine that have something to do with its folder. */
  processes(): readonly string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(commandLine)
      .filter((line) => line.includes(this.folder));
  }

  async remove(): Promise<void> {
    this.interrupt();
    await this.ended;
    for (const server of this.#servers)
      await execute(here(`scripts/servers/${server}.sh`), ["stop", join(this.folder, server)]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has ended
  }
}
