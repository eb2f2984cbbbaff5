import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { LineSplitter } from "@millrace/codec";
import type { PipeCapture } from "@millrace/operators";
import { lineOf } from "../compile/segment-state.ts";
import { pipeFailed } from "../errors.ts";
import type { Commands } from "../ports.ts";
import { CommandErrors } from "./command-errors.ts";
import { endGroup } from "./process-groups.ts";

/** The slot's services for a command. */
export interface PipeContext {
  readonly commands: Commands;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
}

/** Text that is collected before it is written to the command. */
const WRITE_CHARS = 64 * 1024;

/** The end of a command. */
type Ended =
  | { readonly code: number | null; readonly signal: string | null }
  /** It could not be started. */
  | { readonly error: Error };

/**
 * Passes the records of a partition to a command as lines, and yields the lines that it writes. Its standard error goes
 * to the job's output.
 *
 * A command may exit with 0 before reading all its input. Any other exit code fails the task. The command leads a
 * process group of its own, so that its children end with it, and a terminal's Ctrl-C reaches only the job.
 *
 * @throws PIPE_FAILED, LINE_TOO_LONG (while iterating)
 */
export function piped(command: readonly string[], capture: PipeCapture, context: PipeContext) {
  return (records: Iterable<unknown>): AsyncIterable<string> => linesOf(command, capture, context, records);
}

async function* linesOf(
  command: readonly string[],
  capture: PipeCapture,
  { commands, lineBytesMax }: PipeContext,
  records: Iterable<unknown>,
): AsyncGenerator<string, void, undefined> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, {
    detached: true,
    env: { ...process.env, ...capture.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (child.pid !== undefined) commands.started(child.pid);
  const ended = endOf(child);
  const errors = new CommandErrors(commands);
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  // If the records fail the command is useless; its output ends, and the failure is thrown below.
  const fed = feed(child, linesToWrite(records, capture)).catch((error: unknown) => {
    if (child.pid !== undefined) endGroup(child.pid);
    return { error };
  });
  const splitter = new LineSplitter({ source: `the command ${file}`, lineBytesMax });
  const pieces: AsyncIterator<Uint8Array> = child.stdout[Symbol.asyncIterator]();
  try {
    for (;;) {
      // Reading may fail if the command could not be started or was killed; that is reported with its end.
      const step = await pieces.next().catch(() => undefined);
      if (step === undefined || step.done === true) break;
      yield* splitter.push(step.value);
    }
    const outcome = await ended;
    const failure = await fed;
    errors.end();
    if (failure !== undefined) throw failure.error;
    if ("error" in outcome || outcome.code !== 0) throw failed(command, outcome, errors.tail);
    yield* splitter.end();
  } finally {
    await stopped(child, commands);
  }
}

function* linesToWrite(records: Iterable<unknown>, capture: PipeCapture): Generator<string, void, undefined> {
  const { printContext, printRecord } = capture;
  let text = "";
  const print = (line: string): void => {
    text += `${line}\n`;
  };
  printContext?.(print);
  for (const record of records) {
    if (printRecord === undefined) print(lineOf(record));
    else printRecord(record, print);
    if (text.length < WRITE_CHARS) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

/** Writes as fast as the command reads, and stops when it does. */
async function feed(child: ChildProcessWithoutNullStreams, texts: Iterable<string>): Promise<undefined> {
  const { stdin } = child;
  let closed = false;
  const gone = new Promise<void>((resolve) => {
    const close = (): void => {
      closed = true;
      resolve();
    };
    // EPIPE and the like: the command reads no more. Its exit code decides whether that is an error.
    stdin.on("error", close).once("close", close);
  });
  for (const text of texts) {
    if (closed) return;
    if (!stdin.write(text)) await Promise.race([once(stdin, "drain").catch(() => undefined), gone]);
  }
  if (!closed) stdin.end();
}

/** Ends the command and every process of its group, whether or not its output has been read. */
async function stopped(child: ChildProcessWithoutNullStreams, commands: Commands): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return; // it could not be started
  const exited = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, "exit");
  endGroup(pid);
  await exited;
  commands.ended(pid);
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

function failed(command: readonly string[], outcome: Ended, tail: string) {
  const how =
    "error" in outcome
      ? `could not be started: ${outcome.error.message}`
      : outcome.signal === null
        ? `exited with code ${outcome.code}`
        : `was killed by ${outcome.signal}`;
  const words = tail === "" ? "It wrote nothing to its standard error" : `Its standard error ends: ${tail}`;
  return pipeFailed(
    `the command ${command.join(" ")} ${how}. ${words}. The command must exist on every executor and exit with 0.`,
    { ...("error" in outcome ? { cause: outcome.error } : {}), fields: { command: command.join(" ") } },
  );
}
