// The third ring: the package as others install it. What the README tells a newcomer to do, each package manager, the oldest Node and
// the newest, and what publint and attw say of it. Needs the registry. What `npm create` makes has its test in the second ring.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { finish } from "./tally.mjs";
import { followTheReadme } from "./verify/five-minutes.mjs";
import { installNode } from "./verify/nodes.mjs";
import { run } from "./verify/processes.mjs";
import { countedSteps } from "./verify/steps.mjs";

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
const { step, tally } = countedSteps({ dependent: false });

try {
  await step("the registry answers", () => run(root, "npm", "view", "--prefer-online", PNPM, "version"));
  if (tally.failed === 0) await verify();
  else console.log("!! NOTHING ELSE RAN: every step installs packages from the registry.");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
finish(tally);

async function verify() {
  run(root, process.execPath, "scripts/pack.mjs", "--to", scratch);
  const packed = readdirSync(scratch).filter((name) => /^millrace-\d/.test(name));
  const [tarball = ""] = packed.map((name) => join(scratch, name));
  await step("publint finds nothing", () => run(scratch, ...npx("publint@0.3.25"), "--strict", tarball));
  await step("attw finds nothing", () =>
    run(scratch, ...npx("@arethetypeswrong/cli@0.18.5"), "--profile", "esm-only", tarball),
  );
  const newcomer = join(scratch, "new user");
  mkdirSync(newcomer);
  let npm = newcomer;
  await step("npm, and the five minutes of the README", async () => {
    npm = await followTheReadme(newcomer, tarball);
    writeFileSync(join(npm, "job.ts"), JOB);
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
      runsAJob(npm, installNode(folder, version), "node_modules/millrace/bin/millrace.js");
    });
  }
  await step("a release would publish both packages", () => {
    const told = run(root, process.execPath, "scripts/release.mjs", "--dry-run");
    if (!/^\+ create-millrace@.*^\+ millrace@/ms.test(told)) throw new Error(told);
  });
}

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

/**
 * @param {string} name With its version.
 * @returns {[string, ...string[]]}
 */
function npx(name) {
  return ["npx", "--yes", name];
}
