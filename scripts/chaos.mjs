// npm run chaos: a random walk over faults of real processes; CONTRIBUTING.md has the words. Arguments go to the walk:
// `npm run chaos -- --minutes 10 --seed 7`.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { finish } from "./tally.mjs";

if (process.platform === "win32") {
  console.log("!! DID NOT RUN: processes are stopped and continued by signals, which Windows does not have.");
  process.exit(1);
}
await bootstrapOrExit();
const walk = join(root, "packages/conformance/dist/src/faults/chaos.fixture.js");
const { status } = spawnSync(process.execPath, ["--enable-source-maps", walk, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
finish(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
