import { thrownText } from "./thrown-text.ts";

/** The party at fault for a failure: the job's author, the engine, or the environment. */
export type Blame = "user" | "engine" | "environment";

/** The scheduler's possible reaction to a failure. */
export type Retry = "never" | "same-task" | "parent-stage";

/** A place in the author's source; lines and columns count from 1. */
export interface SourceSite {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type ErrorFields = Readonly<Record<string, string | number | boolean>>;

/** One kind of error: its stable code and its consequences. Documented in `docs/errors.md`, checked by a script. */
export interface ErrorKind {
  readonly code: string;
  readonly blame: Blame;
  readonly retry: Retry;
}

export interface EngineErrorOptions {
  readonly cause?: unknown;
  /** Actual values that a program may need: ids, sizes, addresses. They travel with the error. */
  readonly fields?: ErrorFields;
  readonly site?: SourceSite;
}

/**
 * Every failure that the engine reports. The message begins with `[CODE]` and says what happened with the actual
 * values, what the engine does now, and what the reader can do. Programs branch on `code` alone.
 */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly code: string;
  readonly blame: Blame;
  readonly retry: Retry;
  readonly fields: ErrorFields;
  readonly site: SourceSite | undefined;

  constructor(kind: ErrorKind, message: string, options: EngineErrorOptions = {}) {
    const at = options.site ? ` (${formatSite(options.site)})` : "";
    super(`[${kind.code}] ${message}${at}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = kind.code;
    this.blame = kind.blame;
    this.retry = kind.retry;
    this.fields = options.fields ?? {};
    this.site = options.site;
    captureDeep(this);
  }
}

/** The author's frame may be beyond the ten that V8 keeps by default. */
const FRAMES_KEPT = 40;

/** A stack that reaches the author's code through the engine's own calls. */
function captureDeep(error: EngineError): void {
  const limit = Error.stackTraceLimit;
  if (limit >= FRAMES_KEPT) return;
  Error.stackTraceLimit = FRAMES_KEPT;
  Error.captureStackTrace(error, captureDeep);
  Error.stackTraceLimit = limit;
}

/** An engine error with the operator in which it occurred: `map at job.ts:12:8`. */
export function named(error: EngineError, operator: string): EngineError {
  const code = `[${error.code}] `;
  const text = error.message.startsWith(code) ? error.message.slice(code.length) : error.message;
  const result = new EngineError(error, `${operator}: ${text}`, {
    cause: error.cause,
    fields: { ...error.fields, operator },
  });
  const frames = error.stack?.indexOf("\n    at ") ?? -1;
  if (frames >= 0) result.stack = `${result.name}: ${result.message}${error.stack?.slice(frames)}`;
  return result;
}

/** Runs an operator outside of a task: errors name the operator, as they do in tasks. */
export function naming<T>(operator: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof EngineError ? named(error, operator) : error;
  }
}

/** A message without its final full stop, for use within a sentence. */
export function clauseOf(message: string): string {
  return message.endsWith(".") ? message.slice(0, -1) : message;
}

/** Makes the errors of one kind. */
export interface ErrorFactory extends ErrorKind {
  (message: string, options?: EngineErrorOptions): EngineError;
}

/** Declares a kind of errors: `throw blockMissing("…", { fields: { block } })`. */
export function errorKind(code: string, blame: Blame, retry: Retry = "never"): ErrorFactory {
  const kind: ErrorKind = { code, blame, retry };
  return Object.assign(
    (message: string, options?: EngineErrorOptions) => new EngineError(kind, message, options),
    kind,
  );
}

export function formatSite(site: SourceSite): string {
  return `${site.file}:${site.line}:${site.column}`;
}

/** An error as plain data, for gRPC details and thread messages. `cause` chains are kept to a depth of 8. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly kind?: ErrorKind;
  readonly fields?: ErrorFields;
  readonly site?: SourceSite;
  readonly cause?: WireError;
}

const CAUSE_DEPTH_MAX = 8;
/** The name, on the wire, of a thrown value that is no error. */
const NOT_AN_ERROR = "NonError";

/** Turns anything thrown into plain data; never throws itself. */
export function toWireError(error: unknown, depth = 0): WireError {
  if (!(error instanceof Error)) {
    return { name: NOT_AN_ERROR, message: thrownText(error) };
  }
  const cause = error.cause !== undefined && depth < CAUSE_DEPTH_MAX ? toWireError(error.cause, depth + 1) : undefined;
  const common = {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(cause === undefined ? {} : { cause }),
  };
  if (!(error instanceof EngineError)) return common;
  return {
    ...common,
    kind: { code: error.code, blame: error.blame, retry: error.retry },
    fields: error.fields,
    ...(error.site === undefined ? {} : { site: error.site }),
  };
}

/** The inverse of {@link toWireError}: an `EngineError` comes back as one, anything else as an `Error` of that name. */
export function fromWireError(wire: WireError): Error {
  const cause = wire.cause === undefined ? undefined : fromWireError(wire.cause);
  const error = wire.kind
    ? new EngineError(wire.kind, "", {
        ...(wire.fields === undefined ? {} : { fields: wire.fields }),
        ...(wire.site === undefined ? {} : { site: wire.site }),
      })
    : new Error("");
  if (!wire.kind) define(error, "name", wire.name);
  define(error, "message", wire.message);
  define(error, "stack", wire.stack ?? `${wire.name}: ${wire.message}`);
  if (cause !== undefined) define(error, "cause", cause);
  return error;
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
}

/** A state that correct code cannot reach: a defect of the engine. */
export const invariantBroken: ErrorFactory = errorKind("INVARIANT_BROKEN", "engine");

/** Two processes of different versions met; sessions, cluster and shells all report it. */
export const protocolMismatch: ErrorFactory = errorKind("PROTOCOL_MISMATCH", "user");

/** Fails loudly when the engine's own logic is wrong; never for input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) {
    throw invariantBroken(`${message}. This is a defect of the engine: please report it with the job's log.`);
  }
}

/** For the default branch of a switch over a union: a new variant fails to compile until it is handled. */
export function unreachable(value: never): never {
  throw invariantBroken(`unexpected variant ${thrownText(value)}. This is a defect of the engine.`);
}
