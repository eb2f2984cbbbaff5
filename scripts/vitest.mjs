// Runs vitest and counts, for `npm test` and `npm run check`.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";
import { fromVitest } from "./tally.mjs";

/**
 * @param {readonly string[]} args What to run, as vitest takes it.
 * @param {{ readonly node?: string }} [options] `node`: another Node than this one.
 * @returns {import("./tally.mjs").Tally} With at least one failure whenever vitest itself was not content.
 */
export function runVitest(args, { node = process.execPath } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-test-"));
  const report = join(folder, "report.json");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  try {
    const { status } = spawnSync(node, [vitest, "run", ...reporters, ...args], {
      cwd: root,
      stdio: "inherit",
    });
    const tally = existsSync(report) ? fromVitest(JSON.parse(readFileSync(report, "utf8"))) : { passed: 0, failed: 0 };
    // Unhandled errors and the like: every test passed and the run did not.
    return status !== 0 && tally.failed === 0 ? { passed: tally.passed, failed: 1 } : tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
