// Processes of the third ring.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { root } from "../bootstrap.mjs";

/**
 * @param {string} cwd
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {string} What it printed on its standard output.
 * @throws {Error} With all that it printed, when it ends with another status than 0.
 */
export function run(cwd, program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status === 0) return stdout;
  throw error ?? new Error(`${program} ${args.join(" ")} ended with status ${status}:\n${stdout}${stderr}`);
}

/** @param {readonly string[]} args */
export function docker(...args) {
  return run(root, "docker", ...args).trim();
}

/**
 * Starts a command line, as at a terminal of its own.
 *
 * @param {string} command
 * @param {{ readonly cwd: string, readonly env?: NodeJS.ProcessEnv }} options
 */
export function atTerminal(command, { cwd, env = process.env }) {
  // A group of its own: Ctrl-C reaches npx and what npx has started.
  const child = spawn(command, { cwd, env, shell: true, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let running = true;
  /** @type {() => void} */
  let changed = () => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      changed();
    });
  }
  const ended = once(child, "close").then(([status]) => {
    running = false;
    changed();
    return { status, output };
  });
  const signal = (/** @type {NodeJS.Signals} */ name) => {
    if (running && child.pid !== undefined) process.kill(-child.pid, name);
  };
  return {
    command,
    ended,
    /**
     * @param {RegExp} pattern
     * @returns {Promise<string>} What it has printed, once the pattern is in it.
     */
    async says(pattern) {
      while (running && !pattern.test(output)) {
        await new Promise((/** @type {(value: undefined) => void} */ resolve) => {
          changed = () => resolve(undefined);
        });
      }
      if (pattern.test(output)) return output;
      throw new Error(`\`${command}\` ended and never said ${pattern}:\n${output}`);
    },
    /** As Ctrl-C does. */
    async interrupt() {
      signal("SIGINT");
      await ended;
    },
    kill: () => signal("SIGKILL"),
  };
}
