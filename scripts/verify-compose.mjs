// The third ring: docker-compose.yml on a real docker. Builds, starts, waits for batches, scales, kills an executor, stops.
// Needs a docker daemon (DOCKER_HOST or the default) and docker compose of either generation. Cleans up after itself.
import { spawnSync } from "node:child_process";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { finish } from "./tally.mjs";
import { docker } from "./verify/processes.mjs";
import { countedSteps } from "./verify/steps.mjs";

await bootstrapOrExit();
const { readChatLog, wrongCounts } = await import("../packages/examples/dist/index.js");

const project = `millrace-verify-${process.pid}`;
const program = findCompose();
const { step, tally } = countedSteps({ dependent: true });
// Ports of the host that are free; nothing here needs them, and others may run the same file.
const env = {
  ...process.env,
  MILLRACE_PORT: "0",
  MILLRACE_UI_PORT: "0",
  MILLRACE_TOKEN: `verify-${process.pid}`,
  CHAT_RATE: "20",
};

try {
  await step("the image builds", () => compose("build"));
  await step("driver, executors, chat and job start", () => compose("up", "-d"));
  await step("the log shows batches with counts", () => waitForBatches(5));
  await step("two executors are connected", () => waitForExecutors(2));
  await step("scaling to four while it runs adds executors", async () => {
    compose("up", "-d", "--no-recreate", "--scale", "executor=4");
    await waitForExecutors(4);
  });
  await step("batches go on with four", () => waitForBatches(readLog().length + 3));
  await step("an executor killed with SIGKILL is noticed and replaced", async () => {
    killProcessOf(containers("executor")[0]);
    await waitForBatches(readLog().length + 3);
    await waitForExecutors(4);
  });
  await step("scaling back to one leaves the job running", async () => {
    compose("up", "-d", "--no-recreate", "--scale", "executor=1");
    await waitForBatches(readLog().length + 3);
  });
  await step("every count is what the messages shown say", checkCounts);
  await step("nothing runs as root", checkUsers);
  await step("stopping is graceful: every process ends by itself", checkStop);
} finally {
  if (tally.failed > 0) process.stderr.write(run(["logs", "--no-color", "--tail", "60"]).output);
  run(["down", "--volumes", "--timeout", "5"]);
}
finish(tally);

/** The newer generation where it is installed; `MILLRACE_COMPOSE=docker-compose` asks for the older.
 * @returns {readonly [string, ...string[]]}
 */
function findCompose() {
  if (process.env.MILLRACE_COMPOSE) return [process.env.MILLRACE_COMPOSE];
  const v2 = spawnSync("docker", ["compose", "version"], { stdio: "ignore" });
  return v2.status === 0 ? ["docker", "compose"] : ["docker-compose"];
}

/** @param {readonly string[]} args */
function run(args) {
  const [command, ...first] = program;
  const result = spawnSync(command, [...first, "-p", project, ...args], {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return {
    status: result.status,
    stdout: result.stdout ?? "",
    output: `${result.error ?? ""}${result.stdout ?? ""}${result.stderr ?? ""}`,
  };
}

/** @param {readonly string[]} args */
function compose(...args) {
  const { status, stdout, output } = run(args);
  if (status !== 0)
    throw new Error(`${program.join(" ")} ${args.join(" ")} ended with ${status}:\n${output.slice(-4000)}`);
  return stdout;
}

/** @param {string} service */
function containers(service) {
  return compose("ps", "-q", service)
    .split("\n")
    .filter((id) => id !== "");
}

/** Crashes a container's process, as the kernel would: `docker kill` would count as a stop by hand, without a restart.
 * @param {string | undefined} id
 */
function killProcessOf(id) {
  if (id === undefined) throw new Error("no such container");
  process.kill(Number(docker("inspect", "-f", "{{.State.Pid}}", id)), "SIGKILL");
}

function readLog() {
  return readChatLog(compose("logs", "--no-color", "--no-log-prefix", "chat-room"));
}

/** @param {number} count */
async function waitForBatches(count) {
  await until(`${count} batches in the log`, () => {
    const batches = readLog();
    return batches.length >= count && (batches.at(-1)?.counts.size ?? 0) > 0;
  });
}

/** @param {number} count */
async function waitForExecutors(count) {
  await until(`${count} connected executors`, () => {
    const { status, stdout } = run(["exec", "-T", "driver", "millrace", "executors", "--json"]);
    /** @type {readonly { readonly state: string }[]} */
    const executors = status === 0 ? JSON.parse(stdout) : [];
    return executors.filter((one) => one.state === "connected").length === count;
  });
}

/**
 * @param {string} what
 * @param {() => boolean} holds
 */
async function until(what, holds) {
  const patience = performance.now() + 120_000;
  while (!holds()) {
    const ended = compose("ps", "-aq", "chat-room").trim();
    if (ended !== "" && docker("inspect", "-f", "{{.State.Running}}", ended) === "false") {
      throw new Error(`the job ended while waiting for ${what}`);
    }
    if (performance.now() > patience) throw new Error(`waited two minutes for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function checkCounts() {
  const batches = readLog();
  const wrong = wrongCounts(batches);
  if (wrong.length > 0) throw new Error(`${wrong.length} counts are wrong, first: ${wrong.slice(0, 3).join("; ")}`);
  if (batches.every((batch) => batch.counts.size === 0)) throw new Error("no counts at all");
}

function checkUsers() {
  for (const service of ["driver", "executor", "chat", "chat-room"]) {
    const user = compose("exec", "-T", service, "id", "-u").trim();
    if (user !== "1000") throw new Error(`${service} runs as user ${user}`);
  }
}

function checkStop() {
  const ids = ["driver", "executor", "chat"].flatMap(containers);
  compose("stop", "--timeout", "60");
  for (const id of ids) {
    const [code, killed] = docker("inspect", "-f", "{{.State.ExitCode}} {{.State.OOMKilled}}", id).split(" ");
    if (code !== "0" || killed !== "false")
      throw new Error(`container ${docker("inspect", "-f", "{{.Name}}", id)} ended with ${code}`);
  }
}
