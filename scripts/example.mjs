// npm run example -- NAME: an example that needs real servers. Starts them, feeds the job with made-up data, runs it on a driver and
// executors, and shows what comes out. Everything that it has started ends with it, after Ctrl-C too.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { refuse } from "./options.mjs";
import { StepFailed, step } from "./progress.mjs";
import { absentServers } from "./servers/servers.mjs";

/** By name: what the example needs. */
const EXAMPLES = ["ad-targeting", "log-monitoring"];

const { name, keep } = argumentsOrExit();
await bootstrapOrExit();
const examples = join(root, "packages/examples");
/** @type {{ default: import("../packages/examples/src/demo.ts").Demo }} */
const { default: demo } = await import(join(examples, "dist", name, "demo.js"));
const missing = absentServers().filter((server) => demo.servers.includes(server.name.toLowerCase()));
if (missing.length > 0)
  refuse(missing.map((server) => `${server.name} needs ${server.missing.join(", ")} on this machine`).join("; "));

const home = keep ?? mkdtempSync(join(tmpdir(), `millrace-${name}-`));
const interrupted = new AbortController();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => interrupted.abort());

try {
  process.exitCode = (await perform()) ? 0 : 1;
} catch (error) {
  const stopped = interrupted.signal.aborted;
  process.exitCode = stopped ? 130 : 1;
  if (!stopped) console.error(`millrace: ${error instanceof Error ? error.message : error}`);
  if (!stopped && error instanceof StepFailed) console.error(error.output.trimEnd());
} finally {
  if (keep === undefined) await end();
  else
    process.stderr.write(
      `millrace: the servers are still running: end each with scripts/servers/NAME.sh stop ${keep}/NAME\n`,
    );
}

/** @returns {Promise<boolean>} Whether what came out is what it should be. */
async function perform() {
  for (const server of demo.servers) {
    mkdirSync(join(home, server), { recursive: true });
    await step(`starting ${server}`, [script(server), "start", join(home, server)], { cwd: root });
    interrupted.signal.throwIfAborted();
  }
  const stage = await demo.prepare(endpoint);
  try {
    const job = startJob(stage);
    try {
      await stage.play(AbortSignal.any([interrupted.signal, job.gone]));
      if (job.gone.aborted) throw new Error("the job has ended by itself: see above");
    } finally {
      await job.stop();
    }
    return (await stage.review()) || interrupted.signal.aborted;
  } finally {
    await stage.close();
  }
}

/**
 * The job, on a driver and two executors. Ctrl-C at a terminal is for us: the job has batches to finish when we tell it.
 *
 * @param {import("../packages/examples/src/demo.ts").Stage} stage
 */
function startJob({ args, env }) {
  const source = join(examples, "src", name, demo.job);
  const millrace = join(examples, "node_modules/millrace/bin/millrace.js");
  const child = spawn(process.execPath, [millrace, "run", source, "--master", "local-cluster[2,1]", "--", ...args], {
    cwd: examples,
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const gone = new AbortController();
  const ended = once(child, "close").then(() => gone.abort());
  return {
    gone: gone.signal,
    stop: () => {
      child.kill("SIGINT"); // it finishes what it has received
      return ended;
    },
  };
}

/** Ends the servers, out of reach of a second Ctrl-C. */
async function end() {
  for (const server of demo.servers) {
    const stopping = spawn(script(server), ["stop", join(home, server)], { stdio: "ignore", detached: true });
    await once(stopping, "close");
  }
  rmSync(home, { recursive: true, force: true });
}

/** @param {string} variable As a server's script prints it, or NAME_DIR. */
function endpoint(variable) {
  for (const server of demo.servers) {
    if (variable === `${server.toUpperCase()}_DIR`) return join(home, server);
    const told = execFileSync(script(server), ["status", join(home, server)], { encoding: "utf8" });
    const found = new RegExp(`^${variable}=(.+)$`, "m").exec(told)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error(`no server of this example has said ${variable}`);
}

/** @param {string} server */
function script(server) {
  return join(root, "scripts/servers", `${server}.sh`);
}

function argumentsOrExit() {
  try {
    const { values, positionals } = parseArgs({ options: { keep: { type: "string" } }, allowPositionals: true });
    const [given = ""] = positionals;
    if (positionals.length === 1 && EXAMPLES.includes(given)) return { name: given, keep: values.keep };
  } catch {
    // answered below
  }
  refuse(
    `npm run example -- NAME [--keep DIR], where NAME is one of ${EXAMPLES.join(", ")}; --keep leaves the servers running in DIR`,
  );
}
