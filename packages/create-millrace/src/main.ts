#!/usr/bin/env node
// This file alone has to run on a Node that is too old: nothing here is newer than Node 14.
import { readFileSync } from "node:fs";

const manifest: { readonly version: string; readonly engines: { readonly node: string } } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);
const [floorMajor = 0, floorMinor = 0] = manifest.engines.node.replace(">=", "").split(".").map(Number);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < floorMajor || (major === floorMajor && minor < floorMinor)) {
  console.error(
    `create-millrace ${manifest.version} needs Node ${floorMajor}.${floorMinor} or newer, and this is Node ${process.versions.node} (${process.execPath}). Nothing was made. Install a current Node from https://nodejs.org and try again.`,
  );
  process.exitCode = 1;
} else {
  const { terminal } = await import("./terminal.ts");
  const { create } = await import("./create.ts");
  process.exitCode = await create(process.argv.slice(2), terminal(manifest.version));
}
