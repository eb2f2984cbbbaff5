import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type FileSystem, type Location, locations } from "millrace";
import { hdfsFiles } from "./hdfs-files.ts";
import type { HdfsOptions } from "./options.ts";

const script = fileURLToPath(new URL("../../../../scripts/servers/hdfs.sh", import.meta.url));
const run = promisify(execFile);

/** A real name node with a data node, for a test file, and what somebody else does there. */
export class TestCluster {
  readonly directory: string;
  /** `hdfs://127.0.0.1:PORT` */
  readonly root: string;
  readonly http: string;
  readonly #classpath: string;

  static start(): TestCluster {
    return new TestCluster(mkdtempSync(join(tmpdir(), "millrace-hdfs-")));
  }

  private constructor(directory: string) {
    this.directory = directory;
    const told = execFileSync(script, ["start", directory], { encoding: "utf8" });
    const endpoint = (name: string): string => new RegExp(`^${name}=(.+)$`, "m").exec(told)?.[1] ?? "";
    this.root = endpoint("HDFS_URL");
    this.http = endpoint("HDFS_HTTP");
    this.#classpath = endpoint("HDFS_CLASSPATH");
  }

  get authority(): string {
    return this.root.slice("hdfs://".length);
  }

  files(options: HdfsOptions = {}): FileSystem {
    return hdfsFiles({ nameNodes: { [this.authority]: [this.http] }, ...options });
  }

  /** A place that no other test has. */
  async place(): Promise<Location> {
    const place = locations.of(`${this.root}/place-${places++}`);
    await this.files().makeDirectory(place);
    return place;
  }

  /** What a job's processes need. */
  get env(): Readonly<Record<string, string>> {
    return { MILLRACE_HDFS_NAMENODES: `${this.authority}=${this.http}` };
  }

  /** Runs Hadoop's own command: `hdfs dfs ARGS`. */
  async dfs(...args: readonly string[]): Promise<string> {
    const java = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", this.#classpath, "org.apache.hadoop.fs.FsShell"];
    return (await run("java", [...java, ...args], { maxBuffer: 64 << 20 })).stdout;
  }

  /** Ends both nodes as a crash would. */
  kill(): void {
    execFileSync(script, ["kill", this.directory]);
  }

  /** Starts them again, with what they had, at the same addresses. */
  async restart(): Promise<void> {
    await run(script, ["start", this.directory]);
  }

  remove(): void {
    execFileSync(script, ["stop", this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

let places = 0;
