// What the change files in .changeset/ amount to: the next version, and the changelog with its entry. To changesets, all of
// Millrace is one package, `millrace`: that is what users install, and everything else bears its version.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import applyReleasePlan from "@changesets/apply-release-plan";
import assembleReleasePlan from "@changesets/assemble-release-plan";
import readChangesets from "@changesets/read";

/**
 * @typedef {object} ReleasePlan
 * @property {string} current
 * @property {string} next The same as `current` when no change waits.
 * @property {readonly string[]} changes Paths of the change files, from the root.
 * @property {string} changelog With the entry of `next`.
 */

const require = createRequire(import.meta.url);

/** @type {import("@changesets/types").Config} */
const CONFIG = {
  changelog: [require.resolve("@changesets/changelog-git"), null],
  commit: false,
  fixed: [],
  linked: [],
  access: "public",
  baseBranch: "main",
  changedFilePatterns: ["**"],
  prettier: true,
  privatePackages: { version: true, tag: false },
  updateInternalDependencies: "patch",
  ignore: [],
  snapshot: { useCalculatedVersion: false, prereleaseTemplate: null },
  ___experimentalUnsafeOptions_WILL_CHANGE_IN_PATCH: {
    onlyUpdatePeerDependentsWhenOutOfRange: false,
    updateInternalDependents: "out-of-range",
  },
};

/**
 * Works on a copy of what it needs, and leaves the tree alone.
 *
 * @param {string} root
 * @param {string} current The version of all packages.
 * @returns {Promise<ReleasePlan>}
 */
export async function planRelease(root, current) {
  const changes = existsSync(join(root, ".changeset")) ? await readChangesets(root) : [];
  const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  if (changes.length === 0) return { current, next: current, changes: [], changelog };
  const dir = join(root, ".millrace/release");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const packageJson = { name: "millrace", version: current };
  writeFileSync(join(dir, "package.json"), JSON.stringify(packageJson));
  writeFileSync(join(dir, "CHANGELOG.md"), changelog);
  /** @type {Parameters<typeof applyReleasePlan>[1]} */
  const packages = { tool: "root", root: { dir, packageJson }, packages: [{ dir, packageJson }] };
  const plan = assembleReleasePlan(changes, packages, CONFIG, undefined);
  await applyReleasePlan(plan, packages, CONFIG);
  return {
    current,
    next: JSON.parse(readFileSync(join(dir, "package.json"), "utf8")).version,
    changes: changes.map(({ id }) => `.changeset/${id}.md`),
    changelog: readFileSync(join(dir, "CHANGELOG.md"), "utf8"),
  };
}

/**
 * Writes a plan into the tree, for a commit.
 *
 * @param {string} root
 * @param {ReleasePlan} plan
 * @param {{ readonly manifests: readonly string[], readonly pages: readonly string[] }} where Paths from the root: of every
 *   package.json that has the version, and of the documents that show how to install it.
 */
export function applyPlan(root, { current, next, changes, changelog }, { manifests, pages }) {
  const rewrite = (/** @type {string} */ path, /** @type {(text: string) => string} */ edit) =>
    writeFileSync(join(root, path), edit(readFileSync(join(root, path), "utf8")));
  for (const path of manifests) {
    rewrite(path, (text) => text.replace(`"version": "${current}"`, `"version": "${next}"`));
  }
  const shown = new RegExp(`(millrace[-:]|VERSION=)${current.replaceAll(".", "\\.")}`, "g");
  for (const path of pages) rewrite(path, (text) => text.replaceAll(shown, `$1${next}`));
  writeFileSync(join(root, "CHANGELOG.md"), changelog);
  for (const path of changes) rmSync(join(root, path));
}

/**
 * The change files as they are, by path, for the check. A folder is listed too, with a slash and no text.
 *
 * @param {string} root
 * @returns {ReadonlyMap<string, string>}
 */
export function changeFiles(root) {
  const folder = join(root, ".changeset");
  const found = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return new Map(
    found
      .filter(({ name }) => name !== "README.md")
      .map((one) =>
        one.isDirectory()
          ? [`.changeset/${one.name}/`, ""]
          : [`.changeset/${one.name}`, readFileSync(join(folder, one.name), "utf8")],
      ),
  );
}

/**
 * The entry of one version, without its heading.
 *
 * @param {string} changelog
 * @param {string} version
 */
export function entryOf(changelog, version) {
  const [, entry = ""] = changelog.split(`\n## ${version}\n`);
  return (entry.split("\n## ", 1)[0] ?? "").trim();
}

/**
 * Why nothing may be published from here; `undefined` if it may.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {{ readonly changes: readonly string[], readonly dirty: boolean | undefined }} tree `dirty` is undefined where git cannot tell.
 */
export function whyNotPublish(env, { changes, dirty }) {
  if (!env.CI) {
    return "only CI publishes, so that everyone can see from which commit and how a release was made, and CI is not set here";
  }
  if (!env.ACTIONS_ID_TOKEN_REQUEST_URL && !env.SIGSTORE_ID_TOKEN) {
    return "npm signs where a package comes from with the identity of the CI job, and this one has none: give it `permissions: id-token: write` (GitHub), or an id token SIGSTORE_ID_TOKEN for the audience sigstore (GitLab)";
  }
  if (changes.length > 0) {
    return `these changes have no version yet: ${changes.join(", ")}. Run \`npm run release -- --prepare\` and commit what it writes`;
  }
  if (dirty === undefined) return "git cannot tell which commit this tree is, as in a folder that is no clone";
  return dirty ? "the tree has changes that are in no commit" : undefined;
}
