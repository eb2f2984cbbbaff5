// npm run pack: makes the packages that are published, as files to install: packed/millrace-VERSION.tgz and, for `npm create`,
// packed/create-millrace-VERSION.tgz; and each connector: packed/millrace-kafka-VERSION.tgz. Fails when the first has grown by more than a tenth since its size was recorded; `--record`
// records what it is now. `--to DIR` puts them elsewhere, `--version V` gives them another version than the workspace has,
// `--commit ID` says what they are made of where git cannot be asked.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { optionsOrExit, refuse } from "./options.mjs";
import { commitOf } from "./pack/commit.mjs";
import { entriesOf, isVersion, packedManifest } from "./pack/manifest.mjs";

const options = optionsOrExit({
  to: { type: "string", default: join(root, "packed") },
  record: { type: "boolean", default: false },
  version: { type: "string" },
  commit: { type: "string", default: commitOf(root) },
});
if (options.version !== undefined && !isVersion(options.version))
  refuse(`--version ${JSON.stringify(options.version)} is no version: give one such as 1.2.3 or 1.2.3-rc.1`);
const to = resolve(options.to);

await bootstrapOrExit();
const { connectorsOf, readManifests } = await import("./checks/workspace.mjs"); // need installed packages
const { sweepOutputs } = await import("./checks/published.mjs");
const { usableDirectory } = await import("../packages/base/dist/index.js");
const { collectFiles } = await import("./pack/files.mjs");
const { stageConnector } = await import("./pack/connector.mjs");
const { stageCreator } = await import("./pack/creator.mjs");
const { formatSize, grown } = await import("./pack/size.mjs");

const RECORD = join(root, "scripts/pack/size.json");

try {
  usableDirectory(to, "--to");
} catch (error) {
  console.error(`millrace: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
const packages = readManifests(root);
sweepOutputs(packages, root);
const manifestHere = json(join(root, "packages/millrace/package.json"));
const published = {
  ...manifestHere,
  version: options.version ?? manifestHere.version,
  gitHead: options.commit || undefined,
};
const connectors = connectorsOf(packages);
const inside = packages.filter((one) => !connectors.includes(one)); // a connector's name in a message is no import of it
const files = collectFiles(inside, root, entriesOf(published));
const manifest = packedManifest(published, inside, files);
const stages = join(root, ".millrace/pack", String(process.pid)); // several at once do not meet
const stage = join(stages, "millrace");
writeStage();
const creatorStage = join(stages, "create-millrace");
stageCreator(root, creatorStage, published.version);

const packed = pack(stage);
const creator = pack(creatorStage);
const packedConnectors = connectors.map(({ folder }) => {
  const connectorStage = join(stages, folder);
  stageConnector(root, folder, connectorStage, published.version);
  return pack(connectorStage);
});
rmSync(stages, { recursive: true });
const installed = installedWith(Object.keys(manifest.dependencies));
const size = {
  packedBytes: packed.size,
  unpackedBytes: packed.unpackedSize,
  files: packed.entryCount,
  dependencies: Object.keys(manifest.dependencies).length,
  installed: installed.size,
};
console.log(join(to, packed.filename));
console.log(formatSize(size));
for (const { filename } of [creator, ...packedConnectors]) console.log(join(to, filename));
if (options.record) writeFileSync(RECORD, `${JSON.stringify(size, null, 2)}\n`);
const problems = grown(size, json(RECORD));
for (const problem of problems) console.error(`millrace: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function writeStage() {
  rmSync(stage, { recursive: true, force: true });
  for (const { target, text } of files) {
    const path = join(stage, target);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(stage, "README.md"), readme());
  copyFileSync(join(root, "LICENSE"), join(stage, "LICENSE"));
}

/** A registry shows it far from the repository: every link has to say where that is. */
function readme() {
  const text = readFileSync(join(root, "README.md"), "utf8");
  return text.replace(/\]\((?![a-z]+:|#)([^)]+)\)/g, (_, path) => `](${published.homepage}/blob/main/${path})`);
}

/**
 * Packs a folder into `to`.
 *
 * @param {string} folder
 * @returns {{ readonly filename: string, readonly size: number, readonly unpackedSize: number, readonly entryCount: number }}
 */
function pack(folder) {
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--json"], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm pack ended with status ${status} in ${folder}:\n${stderr}`);
  const [packed] = JSON.parse(stdout);
  const arriving = join(to, `.${packed.filename}.${process.pid}`);
  copyFileSync(join(folder, packed.filename), arriving);
  renameSync(arriving, join(to, packed.filename)); // whoever installs it sees the old one or the new one
  return packed;
}

/**
 * The folders of all packages that come with these, on a machine like this one.
 *
 * @param {readonly string[]} names
 * @returns {ReadonlySet<string>}
 */
function installedWith(names) {
  /** @type {Set<string>} */
  const found = new Set();
  const visit = (/** @type {string} */ name, /** @type {string} */ from) => {
    const at = folderOf(name, from);
    if (at === undefined || found.has(at)) return;
    found.add(at);
    const { dependencies, optionalDependencies } = json(join(at, "package.json"));
    for (const other of Object.keys({ ...dependencies, ...optionalDependencies })) visit(other, at);
  };
  for (const { folder } of packages) for (const name of names) visit(name, join(root, folder));
  return found;
}

/**
 * @param {string} name
 * @param {string} from
 * @returns {string | undefined} `undefined` for what is not for this machine.
 */
function folderOf(name, from) {
  for (let at = from; at.startsWith(root.replace(/\/$/, "")); at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (existsSync(join(folder, "package.json"))) return realpathSync(folder);
  }
  return undefined;
}

/** @param {string} file */
function json(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
