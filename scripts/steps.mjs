// What the scripts of the third ring share: steps that are counted, and docker.
import { spawnSync } from "node:child_process";

export const tally = { passed: 0, failed: 0 };

/**
 * Runs one check; the first that fails makes the others fail without being tried.
 *
 * @param {string} title
 * @param {() => unknown} work
 */
export async function step(title, work) {
  const started = performance.now();
  try {
    if (tally.failed > 0) throw new Error("not tried: an earlier one failed");
    await work();
    tally.passed += 1;
    console.log(`ok      ${title} (${Math.round((performance.now() - started) / 100) / 10} s)`);
  } catch (error) {
    tally.failed += 1;
    console.log(`FAILED  ${title}: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {readonly string[]} args */
export function docker(...args) {
  const { status, stdout, stderr } = spawnSync("docker", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`docker ${args.join(" ")} ended with ${status}: ${stderr.slice(-4000)}`);
  return stdout.trim();
}
