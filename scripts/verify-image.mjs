// The third ring: the image as users get it, and one that is built on it as docs/guide/images.md shows. Needs a docker daemon, and the
// package registry inside of builds. Removes its images, and leaves the layers for the next time.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./bootstrap.mjs";
import { commitOf } from "./pack/commit.mjs";
import { finish } from "./tally.mjs";
import { docker, run } from "./verify/processes.mjs";
import { countedSteps } from "./verify/steps.mjs";

const image = `millrace-verify:${process.pid}`;
const derived = `${image}-derived`;
const folder = mkdtempSync(join(tmpdir(), "millrace-image-"));
const { version } = JSON.parse(readFileSync(join(root, "packages/millrace/package.json"), "utf8"));
const page = readFileSync(join(root, "docs/guide/images.md"), "utf8");
const commit = commitOf(root);
const { step, tally } = countedSteps({ dependent: true });

try {
  await step("the image builds", build);
  await step("labels and millrace --version have version and commit", checkVersion);
  await step("it runs as another user than root", () => expectSame(docker(...runs("id"), image, "-u"), "1000"));
  await step("every package in it has its licence text", checkLicences);
  await step("an image built on it with a native package", derive);
  await step("its job runs on a cluster that way, and from a root that nothing can write to", runJob);
} finally {
  spawnSync("docker", ["image", "rm", "--no-prune", derived, image], { stdio: "ignore" });
  rmSync(folder, { recursive: true });
}
finish(tally);

function build() {
  const told = run(root, process.execPath, "scripts/image.mjs", "--tag", image);
  console.log(told.trimEnd().split("\n").at(-1));
}

function checkVersion() {
  const labels = JSON.parse(docker("image", "inspect", "-f", "{{json .Config.Labels}}", image));
  const told = ["version", "revision", "source", "licenses", "title"].map(
    (name) => labels[`org.opencontainers.image.${name}`],
  );
  expectSame(told.join(" "), `${version} ${commit} https://github.com/millrace/millrace Apache-2.0 millrace`);
  expectSame(docker("run", "--rm", image, "--version"), `${version} (commit ${commit})`);
}

function checkLicences() {
  const modules = "/opt/millrace/node_modules";
  const names = ["-name", "package.json", "-o", "-iname", "*licen[cs]e*"];
  const files = docker(...runs("find"), image, modules, "-maxdepth", "3", ...names)
    .split("\n")
    .map((path) => path.slice(modules.length + 1));
  const licensed = new Set(files.filter((file) => !file.endsWith("package.json")).map(dirname));
  const packages = files.filter((file) => /^(@[^/]+\/)?[^/@]+\/package\.json$/.test(file)).map(dirname);
  // esbuild's program is in a package for each platform, its licence in `esbuild` alone.
  const missing = packages.filter((name) => !licensed.has(name) && !name.startsWith("@esbuild/"));
  if (packages.length < 2 || missing.length > 0) throw new Error(`of ${packages.length}, without one: ${missing}`);
}

function derive() {
  writeFileSync(join(folder, "Dockerfile"), block("dockerfile").replace(/^FROM millrace:\S+/m, `FROM ${image}`));
  writeFileSync(join(folder, "users.ts"), block("js"));
  docker("build", "-t", derived, folder);
}

function runJob() {
  const written = docker(
    ...["run", "--rm", "--init", "--read-only", "--tmpfs", "/tmp", derived],
    ...["run", "users.ts", "--master", "local-cluster[2,2]", "--batches", "1"],
  );
  expectSame(records(written), records(block("text")));
}

/** @param {string} program */
function runs(program) {
  return ["run", "--rm", "--entrypoint", program];
}

/**
 * The first block of the page in this language.
 *
 * @param {string} language
 */
function block(language) {
  const [, text] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/guide/images.md has no block of ${language}`);
  return text;
}

/** @param {string} output */
function records(output) {
  return output
    .split("\n")
    .filter((line) => line.startsWith("["))
    .join("\n");
}

/**
 * @param {string} found
 * @param {string} expected
 */
function expectSame(found, expected) {
  if (found !== expected) throw new Error(`expected ${expected}\nfound    ${found}`);
}
