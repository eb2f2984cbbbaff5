import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { LineSplitter } from "@millrace/codec";
import { lineOf } from "../compile/segment-state.ts";
import { pipeFailed } from "../errors.ts";
import type { Commands } from "../ports.ts";

export interface PipeOptions {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly printContext?: ((print: (line: string) => void) => unknown) | undefined;
  readonly printRecord?: ((record: unknown, print: (line: string) => void) => unknown) | undefined;
}

/** Text that is collected before it is written to the command. */
const WRITE_CHARS = 64 * 1024;
/** Of what the command says on its standard error, the end is kept. */
const SAID_CHARS = 4 * 1024;

/** How a command came to its end. */
type Ended =
  | { readonly code: number | null; readonly signal: string | null }
  /** It could not be started. */
  | { readonly error: Error };

/**
 * Hands the records of a partition to a command as lines, and gives the lines that it writes.
 *
 * A command that ends well without having read all its input wants no more of it. One that does not end well fails the
 * task.
 *
 * @throws PIPE_FAILED (while iterating)
 */
export function piped(command: readonly string[], options: PipeOptions, commands: Commands) {
  return (records: Iterable<unknown>): AsyncIterable<string> => linesOf(command, options, commands, records);
}

async function* linesOf(
  command: readonly string[],
  options: PipeOptions,
  commands: Commands,
  records: Iterable<unknown>,
): AsyncGenerator<string, void, undefined> {
  const [file = "", ...args] = command;
  const child = spawn(file, args, { env: { ...process.env, ...options.env }, stdio: ["pipe", "pipe", "pipe"] });
  report(child, commands);
  const ended = endOf(child);
  const said = lastWordsOf(child);
  // When the records fail the command is of no use any more; its output ends, and the failure is thrown below.
  const fed = feed(child, linesToWrite(records, options)).catch((error: unknown) => {
    child.kill("SIGKILL");
    return { error };
  });
  const splitter = new LineSplitter();
  const pieces: AsyncIterator<Uint8Array> = child.stdout[Symbol.asyncIterator]();
  try {
    for (;;) {
      // It may break off when the command could not be started, or was ended: that is told by its end.
      const step = await pieces.next().catch(() => undefined);
      if (step === undefined || step.done === true) break;
      yield* splitter.push(step.value);
    }
    const outcome = await ended;
    const failure = await fed;
    if (failure !== undefined) throw failure.error;
    if ("error" in outcome || outcome.code !== 0) throw failed(command, outcome, said());
    yield* splitter.end();
  } finally {
    await stopped(child);
  }
}

function* linesToWrite(records: Iterable<unknown>, options: PipeOptions): Generator<string, void, undefined> {
  const { printContext, printRecord } = options;
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

/** Writes as fast as the command reads, and no longer than it does. */
async function feed(child: ChildProcessWithoutNullStreams, texts: Iterable<string>): Promise<undefined> {
  const { stdin } = child;
  let closed = false;
  const gone = new Promise<void>((resolve) => {
    const close = (): void => {
      closed = true;
      resolve();
    };
    // EPIPE and its like: the command reads no more. How it ends says whether that is an error.
    stdin.on("error", close).once("close", close);
  });
  for (const text of texts) {
    if (closed) return;
    if (!stdin.write(text)) await Promise.race([once(stdin, "drain").catch(() => undefined), gone]);
  }
  if (!closed) stdin.end();
}

/** Once this is done the command does not run any more, whoever waits for its lines. */
async function stopped(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function report(child: ChildProcessWithoutNullStreams, commands: Commands): void {
  const { pid } = child;
  if (pid === undefined) return; // it could not be started
  commands.started(pid);
  child.once("exit", () => commands.ended(pid));
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

/** What the command said last on its standard error. */
function lastWordsOf(child: ChildProcessWithoutNullStreams): () => string {
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    text = (text + more).slice(-SAID_CHARS);
  });
  return () => text.trim();
}

function failed(command: readonly string[], outcome: Ended, said: string) {
  const how =
    "error" in outcome
      ? `could not be started: ${outcome.error.message}`
      : outcome.signal === null
        ? `ended with exit code ${outcome.code}`
        : `was ended by ${outcome.signal}`;
  const words = said === "" ? "It said nothing on its standard error" : `Its standard error ends: ${said}`;
  return pipeFailed(
    `the command ${command.join(" ")} ${how}. ${words}. ` +
      "The command must be there on every executor and end with 0.",
    { ...("error" in outcome ? { cause: outcome.error } : {}), fields: { command: command.join(" ") } },
  );
}
