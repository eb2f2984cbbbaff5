// npm run release: publishes what `npm run pack` makes, with its provenance. Only in CI, of a commit without waiting changes.
// `--prepare` makes that commit's changes: the next version in every package.json, CHANGELOG.md, no more change files.
// `--dry-run` shows all of it, up to what npm would publish, and changes nothing.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { optionsOrExit } from "./options.mjs";

const options = optionsOrExit({
  "dry-run": { type: "boolean", default: false },
  prepare: { type: "boolean", default: false },
});
const dryRun = options["dry-run"];

await bootstrapOrExit();
const { readWorkspace } = await import("./checks/workspace.mjs"); // need installed packages
const { findReleaseProblems } = await import("./checks/release.mjs");
const { formatProblem } = await import("./checks/deps.mjs");
const { applyPlan, changeFiles, entryOf, planRelease, whyNotPublish } = await import("./release/plan.mjs");

const workspace = readWorkspace(root);
const problems = findReleaseProblems(workspace, {
  changelog: readFileSync(join(root, "CHANGELOG.md"), "utf8"),
  changes: changeFiles(root),
});
if (problems.length > 0) stop(problems.map(formatProblem).join("\n"));
const plan = await planRelease(root, versionOf("packages/millrace/package.json"));

if (options.prepare && !dryRun) prepare();
else publish();

function prepare() {
  if (plan.changes.length === 0) stop("no change waits for a release: nothing in .changeset. Nothing was changed.");
  applyPlan(root, plan, {
    manifests: workspace.packages.map(({ folder }) => `${folder}/package.json`),
    pages: ["README.md", ...readdirSync(join(root, "docs/guide")).map((name) => `docs/guide/${name}`)],
  });
  console.log(`${plan.current} → ${plan.next}. Commit it with the subject: Release ${plan.next}`);
}

function publish() {
  if (!dryRun) {
    const why = whyNotPublish(process.env, { changes: plan.changes, dirty: isDirty() });
    if (why !== undefined) stop(`${why}. Nothing was published; \`npm run release -- --dry-run\` shows what would be.`);
  }
  const waiting = plan.changes.length === 0 ? "no change waits" : `${plan.changes.length} change(s) wait`;
  console.log(
    `${plan.current} → ${plan.next} (${waiting})\n\n## ${plan.next}\n\n${entryOf(plan.changelog, plan.next)}\n`,
  );
  const packed = join(root, ".millrace/release/packed");
  rmSync(packed, { recursive: true, force: true });
  run(process.execPath, ["scripts/pack.mjs", "--to", packed, "--version", plan.next]);
  for (const file of readdirSync(packed).sort()) {
    const args = [
      "publish",
      join(packed, file),
      "--access",
      "public",
      "--provenance",
      ...(dryRun ? ["--dry-run"] : []),
    ];
    console.log(`npm ${args.join(" ").replace(`${root}`, "")}`);
    run("npm", [...args, "--loglevel", "error"]); // without a list of all files
  }
  const tag = `git tag v${plan.next} && git push origin v${plan.next}`;
  console.log(dryRun ? `Nothing was published or changed. Afterwards: ${tag}` : `Published. Now: ${tag}`);
}

/** @param {string} path */
function versionOf(path) {
  return String(JSON.parse(readFileSync(join(root, path), "utf8")).version);
}

/** Whether the tree has changes that are in no commit; `undefined` where git cannot tell. */
function isDirty() {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout !== "" : undefined;
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function run(program, args) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) stop(`${program} ${args.join(" ")} ended with status ${status}`);
}

/**
 * @param {string} text
 * @returns {never}
 */
function stop(text) {
  console.error(`millrace: ${text}`);
  process.exit(1);
}
