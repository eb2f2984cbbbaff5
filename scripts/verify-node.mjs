// The fast tests on the newest Node, which npm has as a package. Needs the registry. Arguments go to vitest.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapOrExit } from "./bootstrap.mjs";
import { finish } from "./tally.mjs";
import { installNode } from "./verify/nodes.mjs";
import { run } from "./verify/processes.mjs";
import { runVitest } from "./vitest.mjs";

await bootstrapOrExit();

const folder = mkdtempSync(join(tmpdir(), "millrace-node-"));
try {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "newest-node", private: true }));
  const node = installNode(folder, "latest");
  console.log(`on Node ${run(folder, node, "--version").trim()}`);
  finish(runVitest(["--project", "fast", ...process.argv.slice(2)], { node }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
