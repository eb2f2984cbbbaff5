#!/usr/bin/env node
// Writes packages/rpc/src/gen from proto/: the types of every message (by proto-loader's own generator) and the descriptors
// as a module, so that what is built or published finds them without a path to proto/. `--check` fails when they are stale.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const protoRoot = fileURLToPath(new URL("../../../proto", import.meta.url));
const target = fileURLToPath(new URL("../src/gen", import.meta.url));
const require = createRequire(import.meta.url);

const files = below(protoRoot).filter((file) => file.endsWith(".proto"));

if (process.argv.includes("--check")) {
  const fresh = mkdtempSync(join(tmpdir(), "millrace-gen-"));
  try {
    generate(fresh);
    const stale = differing(fresh, target);
    if (stale.length > 0) {
      console.error(`packages/rpc/src/gen is behind proto/ (${stale.join(", ")}). Run: pnpm generate`);
      process.exit(1);
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
} else {
  rmSync(target, { recursive: true, force: true });
  generate(target);
}

/** @param {string} folder */
function generate(folder) {
  const bin = join(require.resolve("@grpc/proto-loader/package.json"), "../build/bin/proto-loader-gen-types.js");
  const shape = ["--longs=Number", "--enums=String", "--defaults", "--oneofs"];
  const output = ["--importFileExtension=.ts", "--grpcLib=@grpc/grpc-js", `--outDir=${folder}`];
  execFileSync(process.execPath, [bin, ...files, ...shape, ...output, `--includeDirs=${protoRoot}`], {
    cwd: protoRoot,
  });
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".ts")) rmSync(join(folder, name)); // types of loadPackageDefinition, which nobody calls
  }
  for (const name of below(folder)) {
    const text = readFileSync(join(folder, name), "utf8");
    writeFileSync(join(folder, name), text.replaceAll(`${protoRoot}/`, "proto/"));
  }
  writeFileSync(join(folder, "descriptors.ts"), descriptors());
}

function descriptors() {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, path) => join(protoRoot, path);
  root.loadSync(files);
  root.resolveAll();
  return [
    "// Written by `pnpm generate` from proto/. Do not edit.",
    "/** Every service and message, as protobufjs reads them. */",
    `export const descriptors: object = ${JSON.stringify(root.toJSON(), null, 1)};`,
    "",
  ].join("\n");
}

/**
 * @param {string} fresh
 * @param {string} old
 */
function differing(fresh, old) {
  const names = new Set([...below(fresh), ...below(old)]);
  return [...names].filter((name) => read(join(fresh, name)) !== read(join(old, name)));
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Files below a folder, as sorted relative paths; none when it does not exist.
 *
 * @param {string} folder
 */
function below(folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .sort();
  } catch {
    return [];
  }
}
