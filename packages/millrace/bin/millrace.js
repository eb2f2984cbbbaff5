#!/usr/bin/env node
// The installed command; all of it is in the command line's own package. This file alone has to run on a Node that is too old:
// nothing here is newer than `import()`.
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const floor = manifest.engines.node.replace(">=", "");

if (isOlder(process.versions.node, floor)) {
  console.error(
    "millrace " +
      manifest.version +
      " needs Node " +
      floor +
      " or newer, and this is Node " +
      process.versions.node +
      " (" +
      process.execPath +
      "). Nothing was started. Install a current Node from https://nodejs.org and try again.",
  );
  process.exitCode = 1;
} else {
  import("@millrace/cli/main");
}

function isOlder(version, than) {
  const [major, minor] = version.split(".").map(Number);
  const [floorMajor, floorMinor] = than.split(".").map(Number);
  return major < floorMajor || (major === floorMajor && minor < floorMinor);
}
