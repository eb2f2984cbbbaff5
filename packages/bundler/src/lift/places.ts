import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { NodePath } from "@babel/traverse";
import type { Analysis } from "./analyse.ts";
import type { Edit } from "./emitter.ts";
import type { Lifted } from "./lifted.ts";
import type { MetaUse } from "./module-facts.ts";

/** The virtual module from which lifted code imports its hooks. */
export const HOOKS_MODULE = "millrace:job-hooks";

export function callWith(callee: string, args: readonly string[]): string {
  return `${callee}(${args.join(", ")})`;
}

/** Text around a function that makes it a property for a moment, which gives it its name. */
export function inNamedLiteral(name: string, withKey: boolean): readonly [string, string] {
  const key = JSON.stringify(name);
  return [withKey ? `({ [${key}]: ` : "({ ", ` })[${key}]`];
}

/** Edits of both builds: the hooks, imported functions by name, and references to the author's file. */
export function moduleEdits({ facts, prefix, bodyStart, source }: Analysis): Edit[] {
  const hooks = facts.isCommonJs
    ? `const ${prefix} = require(${JSON.stringify(HOOKS_MODULE)});`
    : `import * as ${prefix} from ${JSON.stringify(HOOKS_MODULE)};`;
  const imports = facts.imports.map(({ id, expression }) =>
    callWith(` ${prefix}.defineImport`, [JSON.stringify(id), `() => ${expression}`]),
  );
  const head = `${bodyStart > 0 ? "\n" : ""}${hooks}${imports.map((one) => `${one};`).join("")} `;
  return [
    { at: bodyStart, end: bodyStart, text: head, rank: "statement", depth: -1 },
    ...facts.metaUses.map((use) => metaEdit(use, source.path)),
  ];
}

function metaEdit({ what, start, end }: MetaUse, path: string): Edit {
  const value = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) }[what];
  return { at: start, end, text: JSON.stringify(value), rank: "statement", depth: 0 };
}

/** Parents in which a function value may be replaced by a call without changing how the surrounding code parses. */
const SAFE_PARENTS = new Set([
  "VariableDeclarator",
  "ReturnStatement",
  "ObjectProperty",
  "ArrayExpression",
  "ArrowFunctionExpression",
  "AssignmentExpression",
  "AssignmentPattern",
  "ExportDefaultDeclaration",
  "ClassProperty",
  "ClassPrivateProperty",
]);

export function needsParentheses({ node, parent }: NodePath): boolean {
  if (parent.type === "CallExpression" || parent.type === "NewExpression") return parent.callee === node;
  return !SAFE_PARENTS.has(parent.type);
}

/** After a declaration, with its `export`. */
export function endOfStatement({ node, parent }: NodePath): number {
  return (/^Export/.test(parent.type) ? parent.end : node.end) ?? 0;
}

/**
 * The offsets for a statement that must run before a function declaration is first used: at the start of the block it is
 * hoisted to. None in sloppy code that hoists differently; esbuild has already turned declarations in blocks there into
 * consts.
 */
export function statementPlaces({ path }: Lifted, { source, bodyStart }: Analysis): number[] {
  const block = /^Export/.test(path.parent.type) ? path.parentPath?.parent : path.parent;
  switch (block?.type) {
    case "Program":
      return [bodyStart];
    case "BlockStatement":
      return [block.directives.at(-1)?.end ?? (block.start ?? 0) + 1];
    case "StaticBlock":
      return [source.code.indexOf("{", block.start ?? 0) + 1];
    default:
      return [];
  }
}
