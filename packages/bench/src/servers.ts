import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A real server on this machine. */
export interface Server {
  readonly directory: string;
  /** What it said of itself when it started, such as KAFKA_BROKERS. */
  endpoint(name: string): string;
}

const running = new Map<string, Server>();

/** A process that a signal ends says nothing to those that listen for its end, unless it exits by itself. */
function exitOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
}

/**
 * Starts a server by its script in `scripts/servers`, once for a run of the harness, at whose end it ends.
 *
 * @throws It cannot be started here: its script says why.
 */
export function server(name: "kafka" | "s3" | "hdfs"): Server {
  const known = running.get(name);
  if (known !== undefined) return known;
  if (running.size === 0) exitOnSignals();
  const script = fileURLToPath(new URL(`../../../scripts/servers/${name}.sh`, import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), `millrace-bench-${name}-`));
  process.once("exit", () => {
    execFileSync(script, ["stop", directory], { stdio: "ignore" });
    rmSync(directory, { recursive: true, force: true });
  });
  let told: string;
  try {
    told = execFileSync(script, ["start", directory], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${name} cannot be started on this machine: ${error instanceof Error ? error.message : error}`);
  }
  const started: Server = {
    directory,
    endpoint: (variable) => new RegExp(`^${variable}=(.+)$`, "m").exec(told)?.[1] ?? "",
  };
  running.set(name, started);
  return started;
}
