// What the scripts say while they work: on a terminal one line that lives, elsewhere one line for each thing done.
// Standard error only, so that `scripts/millrace jobs --json | jq` gets nothing but JSON.
import { spawn } from "node:child_process";

const live = process.stderr.isTTY === true;

/** A step that failed; `output` is everything the command printed. */
export class StepFailed extends Error {
  /**
   * @param {string} message
   * @param {string} output
   */
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

/**
 * Runs a command that nobody needs to see unless it fails.
 *
 * @param {string} title What is being done, e.g. `installing packages`.
 * @param {readonly [string, ...string[]]} command
 * @param {{ readonly cwd: string, readonly env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<void>}
 * @throws {StepFailed} With what it printed, when it cannot be started or ends with another status than 0.
 */
export function step(title, command, options) {
  const [program, ...args] = command;
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1000);
  if (!live) process.stderr.write(`millrace: ${title}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let last = "";
    const draw = () => {
      if (live) process.stderr.write(`\r\x1b[2K${statusLine(title, seconds(), last)}`);
    };
    const heard = (/** @type {Buffer} */ chunk) => {
      output += chunk;
      last = lastLine(output);
      draw();
    };
    child.stdout.on("data", heard);
    child.stderr.on("data", heard);
    const ticker = setInterval(draw, 500);
    draw();
    const end = (/** @type {Error | undefined} */ error) => {
      clearInterval(ticker);
      if (live) process.stderr.write(`\r\x1b[2K`);
      if (error) return reject(error);
      if (live) process.stderr.write(`millrace: ${title}: done in ${seconds()} s\n`);
      resolve();
    };
    child.on("error", (error) => end(new StepFailed(`${program} could not be started: ${error.message}`, output)));
    child.on("close", (code, signal) => {
      end(code === 0 ? undefined : new StepFailed(`${title} ended with ${signal ?? `status ${code}`}`, output));
    });
  });
}

/**
 * @param {string} title
 * @param {number} seconds
 * @param {string} detail
 */
function statusLine(title, seconds, detail) {
  const width = Math.max(20, (process.stderr.columns || 80) - 1);
  return `millrace: ${title} … ${seconds} s  ${detail}`.slice(0, width);
}

/** @param {string} output */
function lastLine(output) {
  const lines = output.slice(-2000).trimEnd().split(/\r?\n/);
  return (lines.at(-1) ?? "").trim();
}
