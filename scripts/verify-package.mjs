// The third ring: the package as others install it. Each package manager, the oldest Node and the newest, a cluster out of an
// installation, and what publint and attw say of it. Needs the registry.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { finish } from "./tally.mjs";

await bootstrapOrExit();

const PNPM = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
const YARN_1 = "yarn@1.22.22";
const YARN = "@yarnpkg/cli-dist@4.18.1";
const NODES = ["20.19", "latest"];

const JOB = `import { defineJob } from "millrace";

export default defineJob({ name: "words", batchInterval: "200ms" }, (ssc) => {
  const words = ssc.queueStream([["to be or", "not to be"]]).flatMap((line) => line.split(" "));
  words.map((word): [string, number] => [word, 1]).reduceByKey((a, b) => a + b).print();
});
`;

const scratch = mkdtempSync(join(tmpdir(), "millrace-package-"));
const tally = { passed: 0, failed: 0 };

try {
  run(root, process.execPath, "scripts/pack.mjs", "--to", scratch);
  const packed = readdirSync(scratch).filter((name) => name.startsWith("millrace-"));
  const [tarball = ""] = packed.map((name) => join(scratch, name));
  await step("publint finds nothing", () => run(scratch, ...npx("publint@0.3.25"), "--strict", tarball));
  await step("attw finds nothing", () =>
    run(scratch, ...npx("@arethetypeswrong/cli@0.18.5"), "--profile", "esm-only", tarball),
  );
  const npm = project("npm");
  await step("npm", () => {
    run(npm, "npm", "install", "--no-audit", "--no-fund", tarball);
    runsAJob(npm, "npx", "--no-install", "millrace");
  });
  await step("pnpm", () => {
    const folder = project("pnpm");
    run(folder, ...npx(PNPM), "add", tarball);
    runsAJob(folder, "npx", "--no-install", "millrace");
  });
  await step("Yarn 1", () => {
    const folder = project("yarn-1");
    run(folder, ...npx(YARN_1), "add", tarball);
    runsAJob(folder, "npx", "--no-install", "millrace");
  });
  for (const nodeLinker of ["pnp", "node-modules"]) {
    await step(`Yarn 4, ${nodeLinker}`, () => {
      const folder = project(`yarn-${nodeLinker}`);
      writeFileSync(join(folder, ".yarnrc.yml"), `nodeLinker: ${nodeLinker}\nenableTelemetry: false\n`);
      writeFileSync(join(folder, "yarn.lock"), ""); // a project of its own, whatever is around it
      run(folder, ...npx(YARN), "add", `millrace@file:${tarball}`);
      runsAJob(folder, ...npx(YARN), "run", "millrace");
    });
  }
  for (const version of NODES) {
    await step(`Node ${version}`, () => {
      const folder = project(`node-${version}`);
      const binary = `node-${process.platform}-${process.arch}`;
      run(folder, "npm", "install", "--no-audit", "--no-fund", "--no-save", "--force", `${binary}@${version}`);
      runsAJob(npm, join(folder, "node_modules", binary, "bin/node"), "node_modules/millrace/bin/millrace.js");
    });
  }
  await step("a driver, an executor, and a job that is submitted to them", () => runsACluster(npm));
  await step("a release would publish both packages", () => {
    const told = run(root, process.execPath, "scripts/release.mjs", "--dry-run");
    if (!/^\+ create-millrace@.*^\+ millrace@/ms.test(told)) throw new Error(told);
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
finish(tally);

/** @param {string} name */
function project(name) {
  const folder = join(scratch, "projects", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, private: true }));
  writeFileSync(join(folder, "job.ts"), JOB);
  return folder;
}

/**
 * @param {string} folder
 * @param {readonly [string, ...string[]]} millrace How the command is called there.
 */
function runsAJob(folder, ...[program, ...args]) {
  run(folder, program, ...args, "check", "job.ts");
  const output = run(folder, program, ...args, "run", "job.ts", "--batches", "1", "--master", "local-cluster[1,1]");
  if (!output.includes("[ 'be', 2 ]")) throw new Error(`the job did not count:\n${output}`);
}

/** @param {string} folder */
async function runsACluster(folder) {
  const millrace = [join(folder, "node_modules/millrace/bin/millrace.js")];
  const driver = serve(folder, [...millrace, "driver", "--port", "0", "--ui-port", "0"]);
  /** @type {ReturnType<typeof serve> | undefined} */
  let executor;
  try {
    const address = /127\.0\.0\.1:\d+/.exec(await driver.says(/listening at/))?.[0] ?? "";
    executor = serve(folder, [...millrace, "executor", "--driver", address]);
    const id = run(folder, process.execPath, ...millrace, "submit", "job.ts", "--driver", address).trim();
    const status = run(folder, process.execPath, ...millrace, "status", id, "--driver", address);
    if (!status.includes(id)) throw new Error(`status does not know ${id}:\n${status}`);
    run(folder, process.execPath, ...millrace, "stop", id, "--driver", address);
  } finally {
    await executor?.end();
    await driver.end();
  }
}

/**
 * A process that stays until it is told to end.
 *
 * @param {string} cwd
 * @param {readonly string[]} args
 */
function serve(cwd, args) {
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "inherit", "pipe"] });
  const ended = once(child, "exit");
  const lines = createInterface(child.stderr);
  return {
    /** @param {RegExp} pattern */
    async says(pattern) {
      for await (const line of lines) if (pattern.test(line)) return line;
      throw new Error(`${args.join(" ")} ended and never said ${pattern}`);
    },
    async end() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/**
 * @param {string} name With its version.
 * @returns {[string, ...string[]]}
 */
function npx(name) {
  return ["npx", "--yes", name];
}

/**
 * @param {string} cwd
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {string} What it printed on its standard output.
 * @throws {Error} With all that it printed, when it ends with another status than 0.
 */
function run(cwd, program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  throw error ?? new Error(`${program} ${args.join(" ")} ended with status ${status}:\n${stdout}${stderr}`);
}

/**
 * @param {string} title
 * @param {() => unknown} work
 */
async function step(title, work) {
  const started = performance.now();
  try {
    await work();
    tally.passed += 1;
    console.log(`ok      ${title} (${Math.round((performance.now() - started) / 1000)} s)`);
  } catch (error) {
    tally.failed += 1;
    console.log(`FAILED  ${title}\n${error instanceof Error ? error.message : error}`);
  }
}
