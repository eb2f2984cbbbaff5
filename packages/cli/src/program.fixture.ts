import {
  type EpochMs,
  type ErrorFactory,
  epochMs,
  errorKind,
  executorId,
  jobId,
  ManualClock,
  type WireError,
  warningOf,
} from "@millrace/base";
import type { JobSummary, LogEntry } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";
import type { Console } from "./console.ts";
import type { Engine } from "./engine.ts";
import { runCli } from "./program.ts";

/** Declared for the engine's errors. */
const kindOf: typeof errorKind = (...kind) => errorKind(...kind);
export const unreachable: ErrorFactory = kindOf("PEER_UNREACHABLE", "environment");
export const syntax: ErrorFactory = kindOf("JOB_SYNTAX", "user");
export const mismatch: ErrorFactory = kindOf("PROTOCOL_MISMATCH", "environment");
export const noSuchJob: ErrorFactory = kindOf("JOB_UNKNOWN", "user");

export const START: number = Date.UTC(2026, 10, 23, 20, 17, 31);
const THRICE: { firstAt: EpochMs; lastAt: EpochMs; count: number } = {
  firstAt: epochMs(START),
  lastAt: epochMs(START),
  count: 3,
};

export const running: JobSummary = {
  id: jobId("chat-room-1"),
  name: "chat-room",
  state: "running",
  submittedAt: START - 90_000,
  endedAt: undefined,
  batchIntervalMs: 1000,
  batchesCompleted: 89,
  batchesFailed: 0,
  batchesWaiting: 1,
  spilledBytes: 3 * 2 ** 20,
  executors: 2,
  restarts: 0,
  log: undefined,
  error: undefined,
  warnings: [{ ...warningOf("[SOURCE_DOWN] it is down", { subject: "receiver 0", lasting: true }), ...THRICE }],
  driverPid: undefined,
  draining: undefined,
  executorFigures: [
    {
      executor: executorId("e-1"),
      ...{ tasks: 1_234, failures: 2, taskMs: 61_000.4, recordsIn: 5_000, recordsOut: 700 },
      ...{ rssBytes: 150 * 2 ** 20, poolBytes: 2 ** 20, blocks: 12, spilledBytes: 0 },
    },
  ],
};

export const failed: JobSummary & { readonly state: "failed"; readonly error: WireError } = {
  ...running,
  state: "failed",
  error: {
    name: "EngineError",
    message: "[BATCH_FAILED] Batch 7 failed.",
    kind: { code: "BATCH_FAILED", blame: "user", retry: "never" },
    cause: {
      name: "TypeError",
      message: "x is not a function",
      stack: "TypeError: x is not a function\n    at job.ts:4:2",
    },
  },
};

export async function* textOf(...chunks: string[]): AsyncGenerator<LogEntry> {
  for (const text of chunks) yield { time: START, stream: "stdout", text };
}

export function never(): never {
  throw new Error("not a part of this test");
}

export function operator(parts: Partial<OperatorClient>): OperatorClient {
  const refuse = async (): Promise<never> => never();
  return {
    submit: refuse,
    jobs: async () => [running],
    status: async () => running,
    batches: refuse,
    executors: refuse,
    drain: refuse,
    waits: never,
    logs: never,
    stop: refuse,
    kill: refuse,
    close: () => undefined,
    ...parts,
  };
}

interface CliSession {
  readonly clock: ManualClock;
  readonly graceful: AbortController;
  readonly immediate: AbortController;
  run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  said(): string;
  /** Resolves when this is said next on standard error. */
  nextSaid(text: string): Promise<void>;
}

/** Runs a command line against a fake engine. */
export function session(parts: {
  readonly engine?: Partial<Engine>;
  readonly operator?: Partial<OperatorClient>;
  readonly env?: NodeJS.ProcessEnv;
  readonly terminal?: boolean;
  /** Standard input. */
  readonly input?: readonly string[];
}): CliSession {
  const refuse = async (): Promise<never> => never();
  const clock = new ManualClock(epochMs(START));
  const graceful = new AbortController();
  const immediate = new AbortController();
  let out = "";
  let err = "";
  const waiting: { readonly text: string; resolve(): void }[] = [];
  const console: Console = {
    env: parts.env ?? { MILLRACE_DRIVER: "localhost:7077" },
    clock,
    terminal: parts.terminal === true,
    cores: 4,
    engine: {
      runEmbedded: refuse,
      watchFiles: never,
      startDriver: refuse,
      startExecutor: refuse,
      memoryLimit: refuse,
      connect: async () => operator(parts.operator ?? {}),
      bundle: async () => ({ artefact: Buffer.from("artefact"), externals: [] }),
      check: refuse,
      checkCheckpoint: refuse,
      inspectCheckpoint: refuse,
      openState: refuse,
      importState: refuse,
      savepoints: refuse,
      init: refuse,
      typeErrors: async () => undefined,
      ...parts.engine,
    },
    out: async (text) => {
      out += typeof text === "string" ? text : Buffer.from(text).toString();
    },
    err: (text) => {
      err += text;
      for (const one of waiting.filter(({ text: wanted }) => String(text).includes(wanted))) one.resolve();
    },
    async *input() {
      for (const text of parts.input ?? []) yield Buffer.from(text);
    },
    interrupts: { graceful: graceful.signal, immediate: immediate.signal },
  };
  return {
    clock,
    graceful,
    immediate,
    run: async (...args: string[]) => ({ code: await runCli(args, console), out, err }),
    said: () => err,
    nextSaid: (text) => new Promise((resolve) => void waiting.push({ text, resolve })),
  };
}
