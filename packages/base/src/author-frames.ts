import { fileURLToPath } from "node:url";
import { clauseOf, EngineError, type SourceSite } from "./errors.ts";
import { thrownText } from "./thrown-text.ts";

/** A frame with a path: source maps give the author's files as paths, while the engine's own modules are URLs. */
const FRAME = /^\s+at (?:async )?(?:.* \()?(\/[^()]+):(\d+):(\d+)\)?$/;

/** The engine's packages: below `node_modules` when it is installed, beside this one in a checkout. */
const PACKAGES = fileURLToPath(new URL("../..", import.meta.url));
const ENGINE_SOURCE = /^(?!conformance|examples|bench)[a-z]+\/(?:src|dist)\/(?!.*\.(?:proc\.)?test\.ts$)/;

const FRAMES_MAX = 5;
const CAUSES_MAX = 4;

/** The frames of a stack that are in the author's own sources, innermost first. Empty when there are none. */
export function authorFrames(stack: string | undefined): readonly SourceSite[] {
  const frames: SourceSite[] = [];
  for (const line of (stack ?? "").split("\n")) {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file !== undefined && !isEngine(file)) frames.push({ file, line: Number(row), column: Number(column) });
  }
  return frames.slice(0, FRAMES_MAX);
}

/** A stack with the author's own frames before those of the engine and of packages. */
export function authorFramesFirst(stack: string): string {
  const lines = stack.split("\n");
  const from = lines.findIndex((line) => /^\s+at /.test(line));
  if (from < 0) return stack;
  const frames = lines.slice(from);
  const own = frames.filter(isAuthorFrame);
  return [...lines.slice(0, from), ...own, ...frames.filter((frame) => !own.includes(frame))].join("\n");
}

function isAuthorFrame(line: string): boolean {
  const [, file] = FRAME.exec(line) ?? [];
  return file !== undefined && !isEngine(file);
}

/**
 * Adds the innermost line of the author's code that led to an engine error, unless the error has a site already or no
 * line is known.
 *
 * @param stack The stack at the author's call; the error's own by default.
 */
export function located(error: EngineError, stack: string | undefined = error.stack): EngineError {
  const [site] = authorFrames(stack);
  if (site === undefined || error.site !== undefined) return error;
  const text = error.message.replace(`[${error.code}] `, "");
  const { cause, fields } = error;
  const result = new EngineError(error, text, { fields, site, ...(cause === undefined ? {} : { cause }) });
  result.stack = `${result.name}: ${result.message}${framesOf(error)}`;
  return result;
}

function framesOf({ stack = "" }: Error): string {
  const at = stack.indexOf("\n    at ");
  return at < 0 ? "" : stack.slice(at);
}

function isEngine(file: string): boolean {
  if (file.includes("/node_modules/")) return true;
  return file.startsWith(PACKAGES) && ENGINE_SOURCE.test(file.slice(PACKAGES.length));
}

/**
 * A value that the author's code threw, as a clause of a message: `TypeError: fetch failed, caused by Error: connect ECONNREFUSED
 * 127.0.0.1:80 (at client.ts:5:28, job.ts:3:5)`, with the frames in the author's own sources, relative to their directory.
 */
export function describeThrown(thrown: unknown): string {
  const causes = [nameOf(thrown)];
  for (let one = causeOf(thrown); one !== undefined && causes.length < CAUSES_MAX; one = causeOf(one))
    causes.push(nameOf(one));
  const frames = authorFrames(thrown instanceof Error ? thrown.stack : undefined);
  return causes.join(", caused by ") + (frames.length === 0 ? "" : ` (at ${formatSites(frames)})`);
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.cause : undefined;
}

function nameOf(thrown: unknown): string {
  if (thrown === undefined) return "nothing: undefined";
  if (!(thrown instanceof Error)) return `a value of type ${typeof thrown}: ${thrownText(thrown)}`;
  // An AggregateError without a message, as from a name whose addresses have all refused a connection.
  const parts: unknown[] = thrown.message === "" && thrown instanceof AggregateError ? thrown.errors : [];
  const text =
    thrown.message || parts.map((part) => (part instanceof Error ? part.message : thrownText(part))).join("; ");
  return `${thrown.name}: ${clauseOf(text)}`;
}

/** `lib/parse.ts:5:28, job.ts:3:5`: relative to the directory that holds all of them. */
function formatSites(sites: readonly SourceSite[]): string {
  const folders = sites.map(({ file }) => file.split("/").slice(0, -1));
  const [first = []] = folders;
  let common = 0;
  while (common < first.length && folders.every((folder) => folder[common] === first[common])) common++;
  return sites
    .map(({ file, line, column }) => `${file.split("/").slice(common).join("/")}:${line}:${column}`)
    .join(", ");
}
