// npm run image: builds the image of deploy/Dockerfile as millrace:VERSION, with version and commit in its labels, and prints its
// size. `--tag NAME` names it otherwise.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";
import { optionsOrExit } from "./options.mjs";
import { commitOf } from "./pack/commit.mjs";

const { version } = JSON.parse(readFileSync(join(root, "packages/millrace/package.json"), "utf8"));
const options = optionsOrExit({ tag: { type: "string", default: `millrace:${version}` } });
const labels = ["--build-arg", `VERSION=${version}`, "--build-arg", `COMMIT=${commitOf(root)}`];
const build = ["build", "-f", "deploy/Dockerfile", "-t", options.tag, ...labels, "."];
const { status, error } = spawnSync("docker", build, { cwd: root, stdio: "inherit" });
if (status !== 0) {
  console.error(`millrace: docker ${build.join(" ")} ended with ${error?.message ?? `status ${status}`}`);
  process.exit(1);
}
const { stdout } = spawnSync("docker", ["image", "inspect", "-f", "{{.Size}}", options.tag], { encoding: "utf8" });
console.log(`${options.tag}: ${Math.round(Number(stdout) / 1e6)} MB`);
