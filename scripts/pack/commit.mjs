import { spawnSync } from "node:child_process";

/**
 * The commit that a checkout is at, `…-dirty` with changes that are in none; empty where git cannot tell.
 *
 * @param {string} root
 */
export function commitOf(root) {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : "";
}
