#!/usr/bin/env node
// From a clone to something that runs, with nothing but Node and npm: installs what the lockfile says and builds, each only
// when stale. Plain JavaScript without dependencies, because nothing is installed yet when it starts.
import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { StepFailed, step } from "./progress.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));

const NODE_FLOOR = [20, 19];
const installStamp = join(root, "node_modules/.millrace-installed");
const buildStamp = join(root, "node_modules/.millrace-built");
const lockFile = join(root, ".millrace/bootstrap.lock");

/** A reason to stop that the reader can do something about: printed without a stack. */
export class CannotStart extends Error {}

/**
 * Makes the checkout ready: checks Node, installs and builds what is stale. Two at once wait for each other.
 *
 * @param {{ readonly build?: boolean }} [options] `build: false` only installs.
 * @returns {Promise<void>}
 * @throws {CannotStart} Node too old, no network, a lockfile that is behind, code that does not compile.
 */
export async function bootstrap({ build = true } = {}) {
  checkNode(process.versions.node);
  const installed = installFingerprint();
  if (read(installStamp) === installed && (!build || isBuilt(installed))) return;
  await withLock(async () => {
    await installIfStale();
    if (build) await buildIfStale();
  });
}

/** @param {string} version */
export function checkNode(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [floorMajor = 0, floorMinor = 0] = NODE_FLOOR;
  if (major > floorMajor || (major === floorMajor && minor >= floorMinor)) return;
  throw new CannotStart(
    `Node ${version} is too old: Millrace needs ${NODE_FLOOR.join(".")} or newer. Install a current Node from https://nodejs.org and try again.`,
  );
}

async function installIfStale() {
  const fingerprint = installFingerprint();
  if (read(installStamp) === fingerprint) return;
  try {
    await step(
      "installing packages",
      ["npx", "--yes", pinnedPnpm(), "install", "--frozen-lockfile", "--reporter=append-only"],
      {
        cwd: root,
        env: { ...process.env, CI: "true" }, // pnpm asks no questions, for example before it replaces node_modules
      },
    );
  } catch (error) {
    throw error instanceof StepFailed ? new CannotStart(explainInstall(error)) : error;
  }
  writeFileSync(installStamp, fingerprint);
}

async function buildIfStale() {
  const fingerprint = buildFingerprint(installFingerprint());
  if (isBuilt(installFingerprint())) return;
  // Without its outputs a project's record of its last build is wrong.
  for (const name of packages()) {
    if (!existsSync(join(root, "packages", name, "dist")))
      rmSync(join(root, "packages", name, "tsconfig.tsbuildinfo"), { force: true });
  }
  try {
    await step("building", [process.execPath, join(root, "node_modules/typescript/bin/tsc"), "-b"], { cwd: root });
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    throw new CannotStart(`the sources do not compile:\n${error.output.trimEnd()}`);
  }
  writeFileSync(buildStamp, fingerprint);
}

const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED|ERR_PNPM_NO_OFFLINE_\w+/;

/** @param {StepFailed} failure */
function explainInstall(failure) {
  const output = failure.output.trimEnd();
  const tail = output.split("\n").slice(-30).join("\n");
  const unreachable = UNREACHABLE.exec(output)?.[0];
  if (unreachable !== undefined) {
    return `the packages could not be fetched: the registry cannot be reached (${unreachable}). The first start needs the network once; check the connection, and the registry and proxy that \`npm config list\` shows, then run the same command again.`;
  }
  if (/ERR_PNPM_OUTDATED_LOCKFILE/.test(output)) {
    return `pnpm-lock.yaml is behind a package.json. Run \`npx ${pinnedPnpm()} install\` and commit the lockfile with the change.`;
  }
  if (/SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY_LEAF/.test(output)) {
    return `${tail}\n\nThe registry's certificate is not trusted here. Behind a proxy with a certificate authority of its own, set NODE_EXTRA_CA_CERTS to its file and try again.`;
  }
  return `${tail}\n\n${failure.message}. Mend what it says above and run the same command again; nothing needs to be cleaned up.`;
}

/** The pnpm of `packageManager` in package.json: `pnpm@x.y.z`. */
function pinnedPnpm() {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return String(manifest.packageManager);
}

/** What decides which packages must be installed. */
function installFingerprint() {
  const hash = createHash("sha256");
  hash.update(`${process.platform} ${process.arch}\n`);
  const manifests = packages().map((name) => join("packages", name, "package.json"));
  for (const file of ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc", ...manifests]) {
    hash
      .update(`${file}\n`)
      .update(read(join(root, file)) ?? "")
      .update("\n");
  }
  return hash.digest("hex");
}

/**
 * What decides whether the build is current: names, sizes and times of the sources. Reading a thousand of them costs
 * about 15 ms; asking the compiler, half a second.
 *
 * @param {string} installed
 */
function buildFingerprint(installed) {
  const hash = createHash("sha256").update(installed);
  for (const file of ["tsconfig.json", "tsconfig.base.json"]) hash.update(describe(join(root, file)));
  for (const name of packages()) {
    const folder = join(root, "packages", name);
    hash.update(describe(join(folder, "tsconfig.json")));
    for (const file of filesBelow(join(folder, "src"))) {
      if (file.endsWith(".ts") && !file.endsWith(".test.ts")) hash.update(describe(file));
    }
  }
  return hash.digest("hex");
}

/** @param {string} installed */
function isBuilt(installed) {
  const outputs = () => packages().every((name) => existsSync(join(root, "packages", name, "dist")));
  return read(buildStamp) === buildFingerprint(installed) && outputs();
}

function packages() {
  return readdirSync(join(root, "packages"))
    .filter((name) => existsSync(join(root, "packages", name, "package.json")))
    .sort();
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}

/** @param {string} file */
function describe(file) {
  const found = statSync(file, { throwIfNoEntry: false });
  return `${relative(root, file)} ${found?.size} ${found?.mtimeMs}\n`;
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/**
 * Holds the checkout's lock while `work` runs: a driver and an executor started at once in a fresh clone install once.
 *
 * @param {() => Promise<void>} work
 */
async function withLock(work) {
  mkdirSync(join(root, ".millrace"), { recursive: true });
  let told = false;
  while (!tryLock()) {
    const holder = read(lockFile);
    if (holder !== undefined && !isAlive(Number(holder))) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`millrace: waiting for process ${holder}, which installs and builds here\n`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function tryLock() {
  const claim = `${lockFile}.${process.pid}`;
  writeFileSync(claim, String(process.pid));
  try {
    linkSync(claim, lockFile); // atomic: whoever reads the lock finds the holder's number in it
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(claim, { force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * For the scripts' first line: ready, or a paragraph and the end.
 *
 * @param {{ readonly build?: boolean }} [options]
 * @returns {Promise<void>}
 */
export async function bootstrapOrExit(options) {
  try {
    await bootstrap(options);
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    process.stderr.write(`millrace: ${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bootstrapOrExit();
