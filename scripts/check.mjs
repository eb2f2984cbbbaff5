// npm run check: everything that can be known in a minute. Each check says what to mend; the last line counts them.
// `--no-tests` leaves the fast tests out, for CI, which runs all of them next. `--record` keeps the score card's figures where
// they got better: from then on they may not get worse. `--draw` draws the picture of packages in ARCHITECTURE.md anew.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bootstrapOrExit, root } from "./bootstrap.mjs";
import { optionsOrExit } from "./options.mjs";
import { finish, sum } from "./tally.mjs";
import { runVitest } from "./vitest.mjs";

const asked = optionsOrExit({
  "no-tests": { type: "boolean", default: false },
  record: { type: "boolean", default: false },
  draw: { type: "boolean", default: false },
});
await bootstrapOrExit({ build: false }); // code that does not compile is a finding, not an obstacle
const { findProblems, formatProblem } = await import("./checks/deps.mjs"); // need installed packages
const { readWorkspace } = await import("./checks/workspace.mjs");
const { findTypeCircles, ONE_IDEA } = await import("./checks/circles.mjs");
const { findAmbient } = await import("./checks/ambient.mjs");
const { checkLengths } = await import("./checks/lengths.mjs");
const { checkLinks } = await import("./checks/links.mjs");
const { findTooNew } = await import("./checks/engines.mjs");
const { findPublishedTests, sweepOutputs } = await import("./checks/published.mjs");
const { findReleaseProblems } = await import("./checks/release.mjs");
const { changeFiles } = await import("./release/plan.mjs");
const { checkPicture, drawPackages, withPicture } = await import("./checks/picture.mjs");
const { cardOf, formatScore, scored, toRecord } = await import("./checks/score.mjs");
const { checkDecisions, checkErrors, checkSettings } = await import("./checks/documents.mjs");

/** @typedef {import("./checks/deps.mjs").Problem} Problem */

/** @param {string} path */
const text = (path) => readFileSync(join(root, path), "utf8");
const workspace = readWorkspace(root);
const tsc = ["node_modules/typescript/bin/tsc"];

const compiled = [
  command(
    "format and lint",
    ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
    "npm run format",
  ),
  command("types", [...tsc, "-b"], "mend the types"),
  command("types of tests and scripts", [...tsc, "-p", "tsconfig.tests.json"], "mend the types"),
  command(
    "unused code",
    ["node_modules/knip/bin/knip.js", "--no-config-hints", "--no-progress"],
    "remove the dependency or the export, or wire it: knip.json says what begins a program",
  ),
  command(
    "reference",
    ["scripts/reference/build.mjs", "--check"],
    "write the docstring, export the type, or mend the link",
  ),
];
const { parseConf } = await import(join(root, "packages/base/dist/index.js")); // as just built
const settings = Object.fromEntries(
  Object.keys(parseConf({})).map((name) => [
    name,
    { parse: (/** @type {unknown} */ value) => parseConf(value === undefined ? {} : { [name]: value })[name] },
  ]),
);
sweepOutputs(workspace.packages, root);
const results = [
  ...compiled,
  problems("package arrows", () => findProblems(workspace)),
  problems("circles", () => findTypeCircles(workspace, ONE_IDEA)),
  problems("the oldest Node", () => findTooNew(text("pnpm-lock.yaml"))),
  problems("what is published", () => findPublishedTests(workspace.packages)),
  problems("versions and changes", () =>
    findReleaseProblems(workspace, { changelog: text("CHANGELOG.md"), changes: changeFiles(root) }),
  ),
  problems("picture of packages", () => checkPicture(drawn(), drawPackages(workspace))),
  problems("time and chance", () => findAmbient(workspace)),
  problems("file lengths", () => checkLengths(workspace, join(root, "scripts/checks/long-files.json"))),
  problems("docs/errors.md", () => checkErrors(workspace, text("docs/errors.md"))),
  problems("docs/configuration.md", () => checkSettings(settings, text("docs/configuration.md"))),
  problems("docs/decisions", () =>
    checkDecisions(readdirSync(join(root, "docs/decisions")), text("docs/decisions/README.md")),
  ),
  problems("links", () => checkLinks(documents(), (path) => existsSync(join(root, path)))),
  scoreCard(join(root, "scripts/checks/score.json")),
];
const tests = asked["no-tests"] ? [] : [runVitest(["--project=fast"])];
finish(sum([...results.map((ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 })), ...tests]));

/** ARCHITECTURE.md, drawn anew if that is asked for. */
function drawn() {
  const file = join(root, "ARCHITECTURE.md");
  if (asked.draw) {
    writeFileSync(file, withPicture(readFileSync(file, "utf8"), drawPackages(workspace)));
  }
  return readFileSync(file, "utf8");
}

/** Every document that is part of the repository, by its path. */
function documents() {
  const { stdout } = spawnSync("git", ["ls-files", "-co", "--exclude-standard", "*.md"], {
    cwd: root,
    encoding: "utf8",
  });
  return new Map(
    stdout
      .split("\n")
      .filter(Boolean)
      .map((path) => [path, text(path)]),
  );
}

/**
 * @param {string} title
 * @param {readonly string[]} args
 * @param {string} fix
 */
function command(title, args, fix) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  return report(title, status === 0 ? [] : [`${stdout}${stderr}`.trimEnd(), `    fix: ${fix}`]);
}

/**
 * @param {string} title
 * @param {() => readonly Problem[]} find
 */
function problems(title, find) {
  return report(title, find().map(formatProblem));
}

/**
 * Prints every figure, met or not; a failure only where one got worse.
 *
 * @param {string} file Where the figures are kept that miss their goals.
 */
function scoreCard(file) {
  const figures = cardOf(workspace);
  const scores = scored(figures, JSON.parse(readFileSync(file, "utf8")));
  const kept = report(
    "score card",
    scores.some((score) => !score.kept) ? ["    fix: mend what the places below show"] : [],
  );
  for (const line of scores.flatMap(formatScore)) console.log(line);
  if (kept && asked.record) writeFileSync(file, `${JSON.stringify(toRecord(figures), null, 2)}\n`);
  return kept;
}

/**
 * @param {string} title
 * @param {readonly string[]} lines
 */
function report(title, lines) {
  console.log(`${lines.length === 0 ? "ok    " : "FAILED"} ${title}`);
  for (const line of lines) console.log(line);
  return lines.length === 0;
}
