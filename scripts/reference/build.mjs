// npm run docs: the reference of what jobs and their tests import, from the docstrings, with the guide around it, as web pages
// below docs/reference. `--check` makes the same pages, throws them away and only tells what is wrong: a public name without a
// docstring, a link that leads nowhere, a type that is used and not exported, a language without colours. A warning is a failure.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  Application,
  CommentTag,
  Converter,
  DeclarationReflection,
  makeRecursiveVisitor,
  ReflectionKind,
  TSConfigReader,
} from "typedoc";
import { optionsOrExit } from "../options.mjs";

/** @typedef {import("typedoc").ProjectReflection} ProjectReflection */
/** @typedef {import("typedoc").Context} Context */

const root = fileURLToPath(new URL("../..", import.meta.url));
const { check: trial } = optionsOrExit({ check: { type: "boolean", default: false } });
const out = trial ? mkdtempSync(join(tmpdir(), "millrace-reference-")) : `${root}docs/reference`;
/** The pages of the guide, in its order. */
const guide = [...readFileSync(`${root}docs/guide/README.md`, "utf8").matchAll(/\]\(([\w-]+\.md)\)/g)].map(
  ([, page]) => `docs/guide/${page}`,
);
const pages = [
  ...[
    "docs/guide/README.md",
    ...guide,
    "docs/operations.md",
    "docs/testing.md",
    "docs/configuration.md",
    "docs/errors.md",
  ],
  ...["ARCHITECTURE.md", "docs/decisions/*.md", "CONTRIBUTING.md", "packages/examples/README.md"],
];
/** What makes `Millis` a type of its own is nothing that a reader would look up. */
const UNSEEN = new Set(["Brand"]);

const app = await Application.bootstrap(
  {
    name: "Millrace",
    tsconfig: fileURLToPath(new URL("tsconfig.json", import.meta.url)),
    entryPoints: [`${root}packages/millrace/src/index.ts`, `${root}packages/millrace/src/testing.ts`],
    readme: `${root}README.md`,
    projectDocuments: pages.map((path) => `${root}${path}`),
    out,
    skipErrorChecking: true, // the types have been checked by the compiler that builds
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    sort: ["source-order"],
    defaultCategory: "Other",
    navigation: { includeCategories: true },
    highlightLanguages: [
      "bash",
      "console",
      "dockerfile",
      "javascript",
      "json",
      "python",
      "scala",
      "typescript",
      "yaml",
    ],
    ignoredHighlightLanguages: ["mermaid"],
    packagesRequiringDocumentation: ["@millrace/api", "@millrace/testing"],
    validation: { notDocumented: true, notExported: false, invalidLink: true, invalidPath: true, rewrittenLink: true },
  },
  [new TSConfigReader()],
);
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, tidy);

const project = await app.convert();
if (project !== undefined) {
  app.validate(project);
  for (const name of notExported(project))
    app.logger.warn(`${name} is part of a public type, and index.ts does not export it`);
  await app.generateOutputs(project);
}
if (trial) rmSync(out, { recursive: true, force: true });
process.exitCode = project === undefined || app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0;

/**
 * Leaves out what is not for readers, before pages are made of it: members named by a symbol, by which our classes see into
 * each other, and the layers that a class is built of.
 *
 * @param {Context} context
 */
function tidy({ project }) {
  for (const one of Object.values(project.reflections)) {
    if (one.isDocument()) one.name = headingOf(one.content.map(({ text }) => text).join("")) ?? one.name;
    if (!(one instanceof DeclarationReflection)) continue;
    if (one.name.startsWith("[") && one.name !== "[asyncDispose]") project.removeReflection(one);
    else if (one.kindOf(ReflectionKind.Class)) flatten(project, one);
  }
}

/** @param {string} markdown */
function headingOf(markdown) {
  return /^# (.+)$/m.exec(markdown)?.[1];
}

/**
 * Sorts the methods of a class under headings: those of the sections of its source.
 *
 * @param {ProjectReflection} project
 * @param {DeclarationReflection} type
 */
function flatten(project, type) {
  const members = (type.children ?? []).map((member) => ({ member, heading: sectionOf(project, member) }));
  if (type.extendedTypes === undefined && members.every(({ heading }) => heading === undefined)) return;
  delete type.extendedTypes;
  for (const { member, heading = "Other" } of members) {
    for (const part of [member, ...(member.signatures ?? []), ...(member.getSignature ? [member.getSignature] : [])]) {
      delete part.inheritedFrom;
      delete part.overwrites;
      part.comment?.blockTags.push(new CommentTag("@category", [{ kind: "text", text: heading }]));
    }
  }
}

/**
 * The section of a class in which a member is declared: the last `// ---- heading: more about it` above it.
 *
 * @param {ProjectReflection} project
 * @param {DeclarationReflection} member
 */
function sectionOf(project, member) {
  const id = project.getSymbolIdFromReflection(member);
  if (id?.fileName === undefined) return undefined;
  const before = readFileSync(id.fileName, "utf8").slice(0, id.pos);
  const section = before.slice(before.lastIndexOf("\n}\n") + 1); // of this class, and none before it
  return [...section.matchAll(/^ {2}\/\/ ---- ([^:\n]+)/gm)].at(-1)?.[1];
}

/**
 * Types of ours that a reader meets in a signature and cannot look up.
 *
 * @param {ProjectReflection} project
 * @returns {readonly string[]}
 */
function notExported(project) {
  /** @type {Set<string>} */
  const found = new Set();
  const visitor = makeRecursiveVisitor({
    reference(type) {
      const from = type.symbolId?.packageName ?? "";
      if (type.reflection !== undefined || type.isIntentionallyBroken()) return;
      if (from.startsWith("@millrace/") && !UNSEEN.has(type.qualifiedName))
        found.add(`${type.qualifiedName} of ${from}`);
    },
  });
  for (const one of Object.values(project.reflections)) {
    if ("type" in one && one.type !== undefined) /** @type {import("typedoc").SomeType} */ (one.type).visit(visitor); // what a reflection's type is
  }
  return [...found].sort();
}
