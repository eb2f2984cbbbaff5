// Loaded by `--import` into every thread of every process under test, before the engine: carries out the faults of a test.
// The engine names its steps on two channels and knows nothing of this.
import { subscribe } from "node:diagnostics_channel";
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import { type BatchStep, FILE_CHANGES, type FileChange, STEPS } from "@millrace/base";
import { type Deed, FAULTS_VARIABLE, type Fault, type ProcessKind, type Strike } from "./fault.ts";
import { processesOf, signal } from "./processes.ts";

interface Refusal {
  readonly fault: Fault;
  readonly deed: Extract<Deed, { readonly kind: "refuse" }>;
  readonly path: string;
  calls: number;
}

/** Those of `millrace` that faults strike. */
const COMMANDS: readonly string[] = ["run", "driver", "executor", "savepoint"] satisfies readonly ProcessKind[];
const directory = process.env[FAULTS_VARIABLE] ?? "";
const kind = directory === "" ? undefined : kindOfProcess();
const refusals: Refusal[] = [];

if (kind !== undefined) {
  // Only the engine publishes on these, and only such messages.
  subscribe(STEPS, (message) => onStep(message as BatchStep, kind));
  subscribe(FILE_CHANGES, (message) => onChange(message as FileChange, kind));
}

/** `undefined`: another command that a test runs, or no process of ours. */
function kindOfProcess(): ProcessKind | undefined {
  const file = join(directory, "processes", String(process.pid));
  if (isMainThread) {
    const found = kindOfProgram(process.argv);
    if (found !== undefined) writeFileSync(file, found);
    return found;
  }
  // Other threads have arguments of their own.
  return existsSync(file) ? (readFileSync(file, "utf8") as ProcessKind) : undefined; // as the main thread has written it
}

function kindOfProgram([, program = "", command = ""]: readonly string[]): ProcessKind | undefined {
  const name = basename(program);
  if (name === "process-main.js") return "jobDriver";
  if (name === "job-executor-main.js") return "jobExecutor";
  return COMMANDS.includes(command) ? (command as ProcessKind) : undefined; // as all of them are
}

function onStep(step: BatchStep, process: ProcessKind): void {
  for (const file of readdirSync(join(directory, "armed"))) {
    const fault = readFault("armed", file);
    if (fault === undefined || fault.step !== step.name || fault.when !== step.when) continue;
    if (fault.process !== undefined && fault.process !== process) continue;
    if (occurrence(fault) === fault.nth) strike(fault, step, process);
  }
}

/** `undefined`: it was disarmed meanwhile. */
function readFault(folder: "armed" | "lasting", file: string): Fault | undefined {
  if (!file.endsWith(".json")) return undefined;
  try {
    return JSON.parse(readFileSync(join(directory, folder, file), "utf8")); // what a test has written
  } catch {
    return undefined;
  }
}

/** Threads and processes count together: who creates the file has the number. */
function occurrence({ id }: Fault): number {
  for (let n = 1; ; n++) {
    try {
      writeFileSync(join(directory, "counts", `${id}.${n}`), "", { flag: "wx" });
      return n;
    } catch (error) {
      if (!existsSync(join(directory, "counts", `${id}.${n}`))) throw error;
    }
  }
}

function strike(fault: Fault, { path }: BatchStep, process: ProcessKind): void {
  const { deed } = fault;
  rmSync(join(directory, "armed", `${fault.id}.json`), { force: true });
  switch (deed.kind) {
    case "kill":
      report(fault, path, process);
      return kill(deed.whom);
    case "pause":
      report(fault, path, process);
      return void signal(globalThis.process.pid, "SIGSTOP");
    case "refuse":
      if (path === undefined) throw new Error(`step ${fault.step} is about no file`);
      return void refusals.push({ fault, deed, path, calls: deed.calls });
    case "refuseAll":
      return put("lasting", `${fault.id}.json`, JSON.stringify(fault));
    default:
      deed satisfies never;
  }
}

function onChange(change: FileChange, process: ProcessKind): void {
  for (const file of readdirSync(join(directory, "lasting"))) {
    const fault = readFault("lasting", file);
    if (fault?.deed.kind !== "refuseAll" || !change.path.includes(fault.deed.part)) continue;
    report(fault, change.path, process);
    change.refusal = systemError(fault.deed.code, change.path);
  }
  for (const refusal of refusals) {
    const { fault, deed, path } = refusal;
    // The directories of a path can be made, or the file is not reached.
    if (refusal.calls === 0 || !isOf(path, change.path)) continue;
    if (deed.partly === true && change.chunk === undefined) continue;
    refusal.calls -= 1;
    if (deed.partly === true && change.chunk !== undefined)
      appendFileSync(change.path, change.chunk.subarray(0, change.chunk.length >> 1));
    report(fault, change.path, process);
    change.refusal = systemError(deed.code, change.path);
  }
}

/** It is the file, is in it, or is a temporary one beside it, which is hidden. */
function isOf(path: string, changed: string): boolean {
  return changed.startsWith(path) || changed.startsWith(join(dirname(path), `.${basename(path)}`));
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: refused by a test, '${path}'`), { code });
}

/** Whole at once, for who waits for it. */
function put(folder: "struck" | "lasting", file: string, text: string): void {
  const temporary = join(directory, folder, `${file}.${process.pid}-${threadId}`);
  writeFileSync(temporary, text);
  renameSync(temporary, join(directory, folder, file));
}

function report({ id }: Fault, path: string | undefined, kind: ProcessKind): void {
  put("struck", `${id}.json`, JSON.stringify({ id, pid: process.pid, process: kind, path } satisfies Strike));
}

function kill(whom: "self" | "all" | ProcessKind): void {
  if (whom !== "self") {
    for (const { pid, kind: other } of processesOf(directory))
      if (pid !== process.pid && (whom === "all" || whom === other)) signal(pid, "SIGKILL");
    if (whom !== "all" && whom !== kind) return;
  }
  signal(process.pid, "SIGKILL");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // this thread does nothing more, whenever the signal arrives
}
