import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SubjectResult } from "./bench.ts";
import type { Spread } from "./statistics.ts";

/** A recorded run, with which later ones are compared. One file per bench, under `baselines/`. */
export interface Baseline {
  readonly bench: string;
  readonly recordedAt: string;
  readonly commit: string;
  readonly rounds: number;
  /** Average number of cores that other programs kept busy. */
  readonly othersCores: number;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryGB: number;
    readonly node: string;
    readonly kernel: string;
  };
  readonly subjects: Readonly<
    Record<
      string,
      { readonly metrics: Readonly<Record<string, Spread>>; readonly ratios: Readonly<Record<string, Spread>> }
    >
  >;
}

const folder = fileURLToPath(new URL("../baselines/", import.meta.url));

export function readBaseline(bench: string): Baseline | undefined {
  const path = join(folder, `${bench}.json`);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined; // written by `writeBaseline` only
}

/** @returns The file's path. Failed subjects are left out; figures are rounded to three digits. */
export function writeBaseline(
  bench: string,
  results: readonly SubjectResult[],
  run: { readonly rounds: number; readonly othersCores: number },
): string {
  const baseline: Baseline = {
    bench,
    recordedAt: new Date().toISOString(),
    commit: commit(),
    rounds: run.rounds,
    othersCores: run.othersCores,
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      memoryGB: Math.round(totalmem() / 1e9),
      node: process.version,
      kernel: release(),
    },
    subjects: Object.fromEntries(
      results.filter((one) => one.error === undefined).map(({ name, metrics, ratios }) => [name, { metrics, ratios }]),
    ),
  };
  const path = join(folder, `${bench}.json`);
  mkdirSync(dirname(path), { recursive: true });
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(4)) : value;
  writeFileSync(path, `${JSON.stringify(baseline, rounded, 2)}\n`);
  return path;
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: folder, encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
