import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Environment variables that make each process record the silences of its main thread below `directory`. */
export function silenceEnvironment(directory: string): Readonly<Record<string, string>> {
  const probe = pathToFileURL(fileURLToPath(new URL("./silence-probe.js", import.meta.url)));
  return {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import=${probe}`.trim(),
    MILLRACE_BENCH_SILENCES: directory,
  };
}

/** The longest silence of a process's main thread, in ms, among those that ended between two wall-clock times. */
export function longestSilence(directory: string, pid: number, from: number, to: number): number {
  const path = join(directory, String(pid));
  if (!existsSync(path)) throw new Error(`process ${pid} noted no silence: not even while it loaded its code?`);
  const silences = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number));
  return Math.max(0, ...silences.map(([at = 0, ms = 0]) => (at >= from && at <= to ? ms : 0)));
}
