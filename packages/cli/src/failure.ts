import { authorFramesFirst, clauseOf, EngineError, fromWireError, thrownText, type WireError } from "@millrace/base";
import { CommanderError } from "commander";
import { badUsage } from "./errors.ts";

/** 0 and 1 report how the job went; 2 says that it was never started. */
export const EXIT = { done: 0, failed: 1, refused: 2, interrupted: 130 } as const;

/** Sets a command's exit code if it is not 0. */
export type SetExit = (code: number) => void;

/** Errors found before anything runs: the job or the command is wrong as written. */
const REFUSALS = new Set([
  "BAD_USAGE",
  "BAD_MASTER",
  "BAD_ADDRESS",
  "BAD_CONFIGURATION",
  "BAD_DURATION",
  "BAD_IDENTIFIER",
  "BAD_SIZE",
  "BAD_TLS",
  "DRIVER_UNKNOWN",
  "TOKEN_UNREADABLE",
  "DIRECTORY_UNUSABLE",
  "DIRECTORY_IN_USE",
  "CHECKPOINT_IN_USE",
  "INSECURE_BIND",
  "TSCONFIG_EXISTS",
  "JOB_FILE_MISSING",
  "JOB_SYNTAX",
  "JOB_TYPES",
  "JOB_NO_DEFAULT_EXPORT",
  "JOB_IMPORT_UNRESOLVED",
  "FUNCTION_NOT_SHIPPABLE",
  "CAPTURE_NOT_SHIPPABLE",
  "NOT_A_JOB",
  "BAD_JOB_OPTIONS",
  "NAME_TAKEN",
  "NO_OUTPUT",
  "BAD_WINDOW",
  "MEMORY_TOO_SMALL",
]);

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.refused;
  return error instanceof EngineError && REFUSALS.has(error.code) ? EXIT.refused : EXIT.failed;
}

/** The job's own code ended it: it threw, or called `process.exit`. */
const OF_THE_JOB = new Set(["JOB_CODE_FAILED", "JOB_THREAD_ENDED"]);

export const isOfTheJob = (error: unknown): boolean => error instanceof EngineError && OF_THE_JOB.has(error.code);

/** For a job: an error that the engine finds before its first batch is a refusal. */
export function exitCodeOfJob(error: unknown, ran: boolean): number {
  if (ran) return EXIT.failed;
  const refused = error instanceof EngineError && error.blame === "user" && !isOfTheJob(error);
  return refused ? EXIT.refused : exitCodeOf(error);
}

/**
 * An error as a paragraph: code, cause and remedy in one message, then its causes, one per line.
 *
 * @param verbose Adds the stacks, which point into the author's TypeScript.
 */
export function describeFailure(error: unknown, verbose: boolean): string {
  const lines = [
    messageOf(error),
    ...untoldCausesOf(error).map((cause) => `  caused by: ${firstLines(messageOf(cause))}`),
  ];
  if (verbose) lines.push(...stacksOf(error));
  return `${lines.join("\n")}\n`;
}

/**
 * The same for programs: `--json` writes it to standard output in place of a result. Programs branch on `code`.
 *
 * @param verbose Adds the stack.
 */
export function failureForPrograms(error: unknown, verbose: boolean): { readonly error: object } {
  const { code, blame, fields } =
    error instanceof EngineError
      ? error
      : { code: error instanceof CommanderError ? badUsage.code : "UNEXPECTED", blame: "user", fields: {} };
  return {
    error: {
      code,
      blame,
      message: messageOf(error),
      fields,
      causes: untoldCausesOf(error).map(messageOf),
      ...(verbose ? { stacks: stacksOf(error).filter((stack) => stack !== "") } : {}),
    },
  };
}

/** The same for an error that came over the wire. */
export function describeWireFailure(error: WireError, verbose: boolean): string {
  return describeFailure(fromWireError(error), verbose);
}

function messageOf(error: unknown): string {
  if (error instanceof EngineError) return error.message;
  if (error instanceof CommanderError) return usage(error.message);
  if (!(error instanceof Error)) return `[UNEXPECTED] ${thrownText(error)} was thrown.`;
  return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}

/** Commander's own message, with our code in front and its suggestion on the same line. */
function usage(message: string): string {
  const text = message.replace(/^error: /, "").replaceAll("\n", " ");
  return badUsage(`${text.endsWith(".") || text.endsWith(")") ? text : `${text}.`} --help lists what is available.`)
    .message;
}

/** A cause that the message already includes is not repeated. */
function untoldCausesOf(error: unknown): unknown[] {
  const told = error instanceof Error ? error.message : "";
  return causesOf(error).filter(
    (cause) => !(cause instanceof Error && cause.message !== "" && told.includes(clauseOf(cause.message))),
  );
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let next = causeOf(error); next !== undefined && causes.length < 8; next = causeOf(next)) causes.push(next);
  return causes;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function firstLines(text: string): string {
  return text.split("\n").slice(0, 5).join("\n    ");
}

/** Stacks of the error and all its causes, each with the author's own frames first. */
function stacksOf(error: unknown): string[] {
  return [error, ...causesOf(error)].flatMap((one) =>
    one instanceof Error && one.stack ? ["", authorFramesFirst(one.stack)] : [],
  );
}
