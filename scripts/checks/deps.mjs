// Which package may use which, and what that implies for every file: the arrows of ARCHITECTURE.md, held by a script.
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { isTest, needsOf } from "./workspace.mjs";

/** @typedef {import("./workspace.mjs").Workspace} Workspace */
/** @typedef {import("./workspace.mjs").Package} Package */
/** @typedef {import("./workspace.mjs").Source} Source */
/** @typedef {import("./workspace.mjs").Mention} Mention */

/** From the ground up. A package may use only what stands on a line before its own. */
const LINES = [
  ["base"],
  ["files"],
  ["codec"],
  ["operators"],
  ["plan"],
  ["api"],
  ["scheduler"],
  ["storage"],
  ["runtime"],
  ["bundler"],
  ["rpc"],
  ["executor"],
  ["driver"],
  ["testing"],
  ["cli", "ui"],
  ["millrace"],
  ["connectors/*"],
  ["conformance", "examples", "bench", "create-millrace"],
];

/** All that a connector may use of the system: it is written as a stranger would write it, and installed beside it. */
const PUBLIC = "millrace";

/** Packages whose files are programs, started by hand: nothing needs to import them. */
const PROGRAMS = new Set(["packages/examples", "packages/bench"]);

/**
 * @typedef {object} Problem
 * @property {string} where `packages/api/src/rdd.ts:12`
 * @property {string} what
 * @property {string} fix
 */

/**
 * Every broken arrow of a workspace.
 *
 * @param {Workspace} workspace
 * @returns {readonly Problem[]} In order of packages and files.
 */
export function findProblems(workspace) {
  const byName = new Map(workspace.packages.map((one) => [one.manifest.name, one]));
  return workspace.packages.flatMap((one) => [
    ...(lineOf(one) === -1 ? [unplaced(one)] : []),
    ...one.sources.flatMap((source) =>
      source.mentions.flatMap((mention) => checkMention(workspace, byName, one, source, mention)),
    ),
    ...checkReferences(byName, one),
    ...findCycles(one),
    ...findUnused(one),
  ]);
}

/**
 * @param {Problem} problem
 * @returns {string}
 */
export function formatProblem(problem) {
  return `${problem.where}: ${problem.what}\n    fix: ${problem.fix}`;
}

/** @param {Pick<Package, "folder">} one */
function isConnector({ folder }) {
  return folder.startsWith("packages/connectors/");
}

/** @param {Package} one */
function lineOf(one) {
  const room = one.folder.replace(/^packages\//, "").replace(/^connectors\/.*/, "connectors/*");
  return LINES.findIndex((line) => line.includes(room));
}

/**
 * @param {Package} one
 * @returns {Problem}
 */
function unplaced(one) {
  return {
    where: `${one.folder}/package.json`,
    what: `${one.manifest.name} has no place in the order of packages`,
    fix: "give it a line in LINES of scripts/checks/deps.mjs and in ARCHITECTURE.md",
  };
}

/**
 * @param {Workspace} workspace
 * @param {ReadonlyMap<string, Package>} byName
 * @param {Package} user
 * @param {Source} source
 * @param {Mention} mention
 * @returns {readonly Problem[]}
 */
function checkMention(workspace, byName, user, source, mention) {
  const where = `${user.folder}/${source.path}:${mention.line}`;
  if (mention.kind === "path") return checkPath(workspace, user, source, mention.specifier, where);
  const { specifier } = mention;
  if (specifier.startsWith(".")) return checkRelative(user, source, specifier, where);
  if (specifier.startsWith("node:")) return [];
  if (builtinModules.includes(specifier)) {
    return [{ where, what: `"${specifier}" is a part of Node`, fix: `write "node:${specifier}"` }];
  }
  const { name, inside } = splitSpecifier(specifier);
  const used = byName.get(name);
  return [
    ...checkDeclared(workspace, user, source, name, where),
    ...(used && used !== user ? [...checkArrow(user, used, where), ...checkInside(used, inside, where)] : []),
  ];
}

/**
 * @param {Package} user
 * @param {Source} source
 * @param {string} specifier
 * @param {string} where
 * @returns {readonly Problem[]}
 */
function checkRelative(user, source, specifier, where) {
  const target = posix.join(posix.dirname(source.path), specifier);
  if (!isTest(source) && isTest({ path: target })) {
    return [
      {
        where,
        what: `"${specifier}" is for tests, and is not built`,
        fix: "import it in tests alone, or give what the engine needs of it a file of its own",
      },
    ];
  }
  if (!target.startsWith("../")) return [];
  return [
    {
      where,
      what: `"${specifier}" leaves ${user.folder}`,
      fix: "import the other package by its name, through its exports",
    },
  ];
}

/**
 * A path in a string that leads to another package's code is an import that no arrow shows.
 *
 * @param {Workspace} workspace
 * @param {Package} user
 * @param {Source} source
 * @param {string} specifier
 * @param {string} where
 * @returns {readonly Problem[]}
 */
function checkPath(workspace, user, source, specifier, where) {
  const target = posix.join(user.folder, posix.dirname(source.path), specifier);
  const used = workspace.packages.find(
    (one) => one !== user && ["dist", "src"].some((part) => `${target}/`.startsWith(`${one.folder}/${part}/`)),
  );
  if (used === undefined) return [];
  return [
    {
      where,
      what: `"${specifier}" reaches into ${used.folder}`,
      fix: `declare ${used.manifest.name} as a dependency and resolve what it exports by name`,
    },
  ];
}

/**
 * @param {Package} user
 * @param {Package} used
 * @param {string} where
 * @returns {readonly Problem[]}
 */
function checkArrow(user, used, where) {
  if (isConnector(user) && used.manifest.name !== PUBLIC) {
    return [
      {
        where,
        what: `${user.manifest.name} is a connector and uses ${used.manifest.name}`,
        fix: `take it from "${PUBLIC}", and export there what every connector needs: anybody must be able to write one`,
      },
    ];
  }
  if (lineOf(used) < lineOf(user)) return [];
  return [
    {
      where,
      what: `${user.manifest.name} uses ${used.manifest.name}, which does not stand above it`,
      fix: `declare what it needs as an interface in ${user.manifest.name} and hand it in from above, or move the code to a package above both`,
    },
  ];
}

/**
 * @param {Package} used
 * @param {string} inside
 * @param {string} where
 * @returns {readonly Problem[]}
 */
function checkInside(used, inside, where) {
  const open = Object.keys(used.manifest.exports ?? {});
  if (open.includes(inside)) return [];
  const name = used.manifest.name;
  return [
    {
      where,
      what: `"${posix.join(name, inside)}" reaches past the exports of ${name} (${open.join(", ")})`,
      fix: `export what is needed from ${used.folder}/src/index.ts and import "${name}"`,
    },
  ];
}

/**
 * @param {Workspace} workspace
 * @param {Package} user
 * @param {Source} source
 * @param {string} name
 * @param {string} where
 * @returns {readonly Problem[]}
 */
function checkDeclared(workspace, user, source, name, where) {
  const { devDependencies = {} } = user.manifest;
  if (name in needsOf(user.manifest) || name === user.manifest.name) return [];
  if (isTest(source) && (name in devDependencies || name in (workspace.root.devDependencies ?? {}))) return [];
  const kind = isTest(source) ? "devDependencies" : "dependencies";
  return [
    {
      where,
      what: `"${name}" is not declared`,
      fix: `add it to ${kind} of ${user.folder}/package.json and run pnpm install`,
    },
  ];
}

/**
 * tsconfig references mirror the dependencies, or an incremental build misses changes.
 *
 * @param {ReadonlyMap<string, Package>} byName
 * @param {Package} one
 * @returns {readonly Problem[]}
 */
function checkReferences(byName, one) {
  const wanted = Object.keys(needsOf(one.manifest)).flatMap((name) => byName.get(name)?.folder ?? []);
  const where = `${one.folder}/tsconfig.json`;
  const missing = wanted.filter((folder) => !one.references.includes(folder));
  const extra = one.references.filter((folder) => !wanted.includes(folder));
  return [
    ...missing.map((folder) => ({
      where,
      what: `no reference to ${folder}, a dependency`,
      fix: `add { "path": "${posix.relative(one.folder, folder)}" } to its references`,
    })),
    ...extra.map((folder) => ({
      where,
      what: `a reference to ${folder}, which is no dependency`,
      fix: "remove it, or declare the dependency",
    })),
  ];
}

/**
 * Files that need each other at run time to be loaded, each circle once.
 *
 * @param {Package} one
 * @returns {readonly Problem[]}
 */
function findCycles(one) {
  const files = new Map(one.sources.map((source) => [source.path, source]));
  /** @type {Map<string, "open" | "done">} */
  const seen = new Map();
  /** @type {Problem[]} */
  const problems = [];
  const visit = (/** @type {Source} */ source, /** @type {readonly string[]} */ path) => {
    if (seen.get(source.path) === "done") return;
    if (seen.get(source.path) === "open") {
      const circle = [...path.slice(path.indexOf(source.path)), source.path];
      problems.push({
        where: `${one.folder}/${source.path}`,
        what: `a circle of imports: ${circle.join(" → ")}`,
        fix: "move what both need to a file of its own",
      });
      return;
    }
    seen.set(source.path, "open");
    for (const mention of source.mentions) {
      const target = mention.kind === "value" ? resolve(files, source, mention.specifier) : undefined;
      if (target) visit(target, [...path, source.path]);
    }
    seen.set(source.path, "done");
  };
  for (const source of one.sources) visit(source, []);
  return problems;
}

/**
 * Files that neither an entry of the package nor a test reaches.
 *
 * @param {Package} one
 * @returns {readonly Problem[]}
 */
function findUnused(one) {
  if (PROGRAMS.has(one.folder)) return [];
  const files = new Map(one.sources.map((source) => [source.path, source]));
  const entries = one.sources.filter((source) => isTest(source) || isEntry(one, source.path));
  const reached = new Set(entries.map((source) => source.path));
  const queue = [...entries];
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    for (const mention of source.mentions) {
      const target = resolve(files, source, mention.specifier);
      if (target && !reached.has(target.path)) {
        reached.add(target.path);
        queue.push(target);
      }
    }
  }
  return one.sources
    .filter((source) => !reached.has(source.path) && !source.path.endsWith(".d.ts")) // nobody names a module's declarations
    .map((source) => ({
      where: `${one.folder}/${source.path}`,
      what: "nothing imports this file",
      fix: "remove it, or export it from src/index.ts; a process's or thread's entry is reached by its path in a string",
    }));
}

/**
 * @param {Package} one
 * @param {string} path
 */
function isEntry(one, path) {
  const built = path.replace(/^src\//, "dist/").replace(/\.ts$/, ".js");
  const entries = JSON.stringify([one.manifest.exports ?? {}, one.manifest.bin ?? {}]);
  return entries.includes(`"./${path}"`) || entries.includes(`"./${built}"`);
}

/**
 * @param {ReadonlyMap<string, Source>} files
 * @param {Source} source
 * @param {string} specifier
 */
function resolve(files, source, specifier) {
  if (!specifier.startsWith(".")) return undefined;
  const path = posix.join(posix.dirname(source.path), specifier);
  return files.get(path) ?? files.get(path.replace(/\.js$/, ".ts")) ?? files.get(`${path}.ts`);
}

/** `@scope/name/inside` → its name and `./inside`; `.` when nothing follows.
 * @param {string} specifier
 */
function splitSpecifier(specifier) {
  const parts = specifier.split("/");
  const length = specifier.startsWith("@") ? 2 : 1;
  const rest = parts.slice(length).join("/");
  return { name: parts.slice(0, length).join("/"), inside: rest === "" ? "." : `./${rest}` };
}
