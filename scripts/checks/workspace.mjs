// The sources as the checks see them: read and parsed once.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "@babel/parser";
import { figuresOf } from "./figures.mjs";
import { isNode, isSurface } from "./surface.mjs";

/**
 * @typedef {object} Mention How a file reaches another: `import`s of any form, or a path in a string (a worker's entry).
 * @property {string} specifier
 * @property {number} line
 * @property {"value" | "type" | "path"} kind
 *
 * @typedef {object} Source
 * @property {string} path From the package's folder: `src/index.ts`.
 * @property {string} text
 * @property {readonly Mention[]} mentions
 * @property {readonly { readonly name: string, readonly line: number }[]} ambient Uses of time and chance: `Date.now`.
 * @property {import("./figures.mjs").Figures} figures
 * @property {boolean} surface It only states what there is: see {@link isSurface}.
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} [version]
 * @property {Readonly<Record<string, unknown>>} [exports]
 * @property {Readonly<Record<string, string>>} [bin]
 * @property {Readonly<Record<string, string>>} [dependencies]
 * @property {Readonly<Record<string, string>>} [devDependencies]
 * @property {Readonly<Record<string, string>>} [peerDependencies]
 *
 * @typedef {object} Package
 * @property {string} folder From the root: `packages/base`.
 * @property {Manifest} manifest
 * @property {readonly string[]} references Folders of its tsconfig's references, from the root.
 * @property {readonly string[]} [unbuilt] What its tsconfig leaves out of the build: globs, from its folder.
 * @property {readonly Source[]} sources
 *
 * @typedef {object} Workspace
 * @property {readonly Package[]} packages
 * @property {Manifest} root
 */

/**
 * @param {string} root
 * @returns {Workspace}
 */
export function readWorkspace(root) {
  return {
    root: json(join(root, "package.json")),
    packages: readManifests(root).map((one) => ({ ...one, ...readPackage(root, one.folder) })),
  };
}

/**
 * The packages without their sources, which takes no time.
 *
 * @param {string} root
 * @returns {readonly Pick<Package, "folder" | "manifest">[]}
 */
export function readManifests(root) {
  const folders = readdirSync(join(root, "packages"), { withFileTypes: true })
    .flatMap((entry) => (entry.name === "connectors" ? connectors(root) : [`packages/${entry.name}`]))
    .filter((folder) => existsSync(join(root, folder, "package.json")));
  return folders.sort().map((folder) => ({ folder, manifest: json(join(root, folder, "package.json")) }));
}

/**
 * What a package uses where it is installed: its dependencies, and what it is installed beside.
 *
 * @param {Pick<Manifest, "dependencies" | "peerDependencies">} manifest
 * @returns {Readonly<Record<string, string>>}
 */
export function needsOf({ dependencies = {}, peerDependencies = {} }) {
  return { ...dependencies, ...peerDependencies };
}

/**
 * The connectors, each published as a package of its own.
 *
 * @template {Pick<Package, "folder">} P
 * @param {readonly P[]} packages
 * @returns {readonly P[]}
 */
export function connectorsOf(packages) {
  return packages.filter(({ folder }) => folder.startsWith("packages/connectors/"));
}

/**
 * What is published: `create-millrace`, the connectors, and `millrace` with the packages that it depends on, which are packed
 * into it.
 *
 * @template {Pick<Package, "folder" | "manifest">} P
 * @param {readonly P[]} packages
 * @returns {readonly P[]}
 */
export function packedOf(packages) {
  /** @type {Set<P>} */
  const found = new Set();
  const visit = (/** @type {string} */ name) => {
    const one = packages.find(({ manifest }) => manifest.name === name);
    if (one === undefined || found.has(one)) return;
    found.add(one);
    Object.keys(one.manifest.dependencies ?? {}).forEach(visit);
  };
  visit("millrace");
  visit("create-millrace");
  for (const { manifest } of connectorsOf(packages)) visit(manifest.name);
  return [...found];
}

/**
 * A test, what tests share, or a measurement: nothing that ships.
 *
 * @param {Pick<Source, "path">} source From its package's folder.
 */
export function isTest({ path }) {
  return /\.(test|test-d|fixture)\.ts$/.test(path) || path.startsWith("bench/");
}

/** @param {string} root */
function connectors(root) {
  return readdirSync(join(root, "packages/connectors")).map((name) => `packages/connectors/${name}`);
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {Omit<Package, "folder" | "manifest">}
 */
function readPackage(root, folder) {
  const at = join(root, folder);
  const tsconfig = existsSync(join(at, "tsconfig.json")) ? json(join(at, "tsconfig.json")) : {};
  const references = (tsconfig.references ?? []).map((/** @type {{ path: string }} */ one) =>
    relative(root, join(at, one.path)),
  );
  const unbuilt = tsconfig.exclude ?? [];
  const sources = ["src", "bench"]
    .flatMap((part) => filesBelow(join(at, part)))
    .map((file) => parseSource(relative(at, file), readFileSync(file, "utf8")));
  return { references, unbuilt, sources };
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "gen" || entry.name === "testdata" ? [] : filesBelow(path);
    return /\.(ts|mts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

/** @param {string} file */
const json = (file) => JSON.parse(readFileSync(file, "utf8"));

/** @typedef {{ type: string, loc?: { start: { line: number }, end: { line: number } } } & Record<string, unknown>} Node */

/**
 * @param {string} path
 * @param {string} text
 * @returns {Source}
 * @throws {SyntaxError} With the file's name when it does not parse.
 */
export function parseSource(path, text) {
  /** @type {Mention[]} */
  const mentions = [];
  /** @type {{ name: string, line: number }[]} */
  const ambient = [];
  let counted = figuresOf("", []);
  const visit = (/** @type {Node} */ node) => {
    counted.visit(node);
    const line = node.loc?.start.line ?? 0;
    for (const mention of mentionsOf(node)) mentions.push({ ...mention, line });
    const name = ambientName(node);
    if (name !== undefined) ambient.push({ name, line });
    for (const [key, value] of Object.entries(node)) {
      if (key === "loc" || key === "extra" || key.endsWith("Comments")) continue;
      if (isModuleSource(node, key)) continue;
      if (Array.isArray(value)) value.filter(isNode).forEach(visit);
      else if (isNode(value)) visit(value);
    }
  };
  try {
    const file = parse(text, {
      sourceType: "module",
      plugins: path.endsWith(".mjs") ? [] : ["typescript"],
      errorRecovery: true,
    });
    const program = /** @type {Node} */ (/** @type {unknown} */ (file.program)); // Babel's nodes have these fields, under more precise types
    counted = figuresOf(text, file.comments ?? []);
    visit(program);
    return { path, text, mentions, ambient, figures: counted.figures, surface: isSurface(program) };
  } catch (error) {
    throw new SyntaxError(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}

/** The string of an import is a mention already, not a path besides.
 * @param {Node} node
 * @param {string} key
 */
function isModuleSource(node, key) {
  return (
    (key === "source" && /^(Import|Export)/.test(node.type)) || (key === "argument" && node.type === "TSImportType")
  );
}

/**
 * @param {Node} node
 * @returns {Omit<Mention, "line">[]}
 */
function mentionsOf(node) {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration": {
      const specifier = stringOf(node.source);
      return specifier === undefined ? [] : [{ specifier, kind: isTypeOnly(node) ? "type" : "value" }];
    }
    case "TSImportType":
    case "TSExternalModuleReference": {
      const specifier = stringOf(node.argument ?? node.expression);
      return specifier === undefined ? [] : [{ specifier, kind: "type" }];
    }
    case "CallExpression":
    case "ImportExpression": {
      const callee = /** @type {Node | undefined} */ (node.callee); // a call has one
      if (node.type === "CallExpression" && callee?.type !== "Import") return [];
      const given = Array.isArray(node.arguments) ? node.arguments[0] : node.source;
      const specifier = stringOf(given);
      return specifier === undefined ? [] : [{ specifier, kind: "value" }];
    }
    case "StringLiteral":
      return pathMention(node.value);
    case "TemplateElement":
      return pathMention(/** @type {{ cooked?: string }} */ (node.value).cooked); // what a template element holds
    default:
      return [];
  }
}

/**
 * @param {unknown} text
 * @returns {Omit<Mention, "line">[]}
 */
function pathMention(text) {
  return typeof text === "string" && /^\.{1,2}\/[\w./-]+$/.test(text) ? [{ specifier: text, kind: "path" }] : [];
}

/** @param {unknown} node */
function stringOf(node) {
  return isNode(node) && node.type === "StringLiteral" ? String(node.value) : undefined;
}

/** @param {Node} node */
function isTypeOnly(node) {
  if (node.importKind === "type" || node.exportKind === "type") return true;
  const specifiers = Array.isArray(node.specifiers) ? node.specifiers : [];
  return specifiers.length > 0 && specifiers.every((one) => one.importKind === "type" || one.exportKind === "type");
}

const AMBIENT_MEMBERS = new Set(["Date.now", "Math.random", "performance.now", "crypto.getRandomValues"]);
const AMBIENT_CALLS = new Set(["setTimeout", "setInterval"]);

/** @param {Node} node */
function ambientName(node) {
  if (node.type === "MemberExpression") {
    const name = `${nameOf(node.object)}.${nameOf(node.property)}`;
    return AMBIENT_MEMBERS.has(name) ? name : undefined;
  }
  if (node.type === "CallExpression") {
    const name = nameOf(node.callee);
    return name !== undefined && AMBIENT_CALLS.has(name) ? name : undefined;
  }
  if (
    node.type === "NewExpression" &&
    nameOf(node.callee) === "Date" &&
    Array.isArray(node.arguments) &&
    node.arguments.length === 0
  ) {
    return "new Date()";
  }
  if (node.type === "ImportDeclaration" && /^(node:)?timers/.test(stringOf(node.source) ?? "")) return "node:timers";
  return undefined;
}

/** @param {unknown} node */
function nameOf(node) {
  return isNode(node) && node.type === "Identifier" ? String(node.name) : undefined;
}
