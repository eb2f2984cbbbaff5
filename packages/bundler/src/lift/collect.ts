import type { NodePath } from "@babel/traverse";
import type * as t from "@babel/types";
import { type ConstantName, isClass, type Lifted, type LiftedNode, type Member } from "./lifted.ts";

export interface Placing {
  readonly fileName: string;
  readonly code: string;
  /** A prefix that no name of the author begins with. */
  readonly prefix: string;
  /** The number found in the file so far. */
  readonly index: number;
  readonly depth: number;
}

/**
 * The record of a node to be lifted; `undefined` for all others. Functions called on the spot (nothing else ever holds
 * them) and methods with computed names are not lifted.
 */
export function liftedOf(path: NodePath, { fileName, code, prefix, index, depth }: Placing): Lifted | undefined {
  const node = liftedNode(path);
  if (node === undefined) return undefined;
  const ownName = ownNameOf(node);
  const inferredName = ownName === undefined ? inferName(path) : undefined;
  const shownName = isNamelessDefault(node) ? "default" : (ownName ?? inferredName);
  return {
    id: `${fileName}#${index}${shownName === undefined ? "" : `:${shownName}`}`,
    node,
    path,
    depth,
    ownName,
    inferredName,
    constant: constantOf(path, prefix),
    captures: new Set(),
    usesThis: false,
    assigned: new Set(),
    refusals: [],
    members: isClass(node) ? membersOf(node) : [],
    hasPrivates: isClass(node) && hasPrivates(node, code),
    registered: undefined,
  };
}

function liftedNode(path: NodePath): LiftedNode | undefined {
  const { node, parent } = path;
  switch (node.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "ClassExpression":
      return node;
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return parent.type === "CallExpression" && parent.callee === node ? undefined : node;
    case "ObjectMethod":
      // A tag would make it a property, and a property named __proto__ has another meaning.
      return node.kind === "method" && !node.computed && keyName(node.key) !== "__proto__" ? node : undefined;
    default:
      return undefined;
  }
}

function ownNameOf(node: LiftedNode): string | undefined {
  if (node.type === "ArrowFunctionExpression") return undefined;
  if (node.type === "ObjectMethod") return keyName(node.key);
  return node.id?.name;
}

/** The text of a key that is not computed. */
function keyName(key: t.Node): string | undefined {
  switch (key.type) {
    case "Identifier":
      return key.name;
    case "StringLiteral":
      return key.value;
    case "NumericLiteral":
      return String(key.value);
    default:
      return undefined;
  }
}

/** NamedEvaluation of the language: `f.name` of a function without a name of its own. */
function inferName({ node, parent }: NodePath): string | undefined {
  switch (parent.type) {
    case "VariableDeclarator":
      return parent.init === node ? identifierName(parent.id) : undefined;
    case "AssignmentExpression":
      return parent.right === node && /^(=|\?\?=|\|\|=|&&=)$/.test(parent.operator)
        ? identifierName(parent.left)
        : undefined;
    case "AssignmentPattern":
      return parent.right === node ? identifierName(parent.left) : undefined;
    case "ObjectProperty": {
      const name = parent.value === node && !parent.computed ? keyName(parent.key) : undefined;
      return name === "__proto__" ? undefined : name; // which sets the prototype instead
    }
    case "ClassProperty":
      return parent.value === node && !parent.computed ? keyName(parent.key) : undefined;
    case "ClassPrivateProperty":
      return parent.value === node ? `#${parent.key.id.name}` : undefined;
    default:
      return undefined;
  }
}

function identifierName(node: t.Node): string | undefined {
  return node.type === "Identifier" ? node.name : undefined;
}

/** The variable that holds this function and is never reassigned. */
function constantOf(path: NodePath, prefix: string): ConstantName | undefined {
  if (isNamelessDefault(path.node)) return { name: `${prefix}_default`, ofModule: true };
  const declared = declaredName(path);
  if (declared === undefined) return undefined;
  const binding = path.parentPath?.scope.getBinding(declared.name);
  if (binding === undefined || binding.path.node !== declared.declaration) return undefined;
  // Babel counts a declaration in a loop as a violation of itself.
  if (binding.constantViolations.some((violation) => violation.node !== declared.declaration)) return undefined;
  return { name: declared.name, ofModule: binding.scope.path.isProgram() };
}

/** `export default function () {}`, or a class like it: given a name so that it can be referred to. */
export function isNamelessDefault(node: t.Node): boolean {
  return (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && !node.id;
}

function declaredName({ node, parent }: NodePath): { name: string; declaration: t.Node } | undefined {
  if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") {
    return node.id ? { name: node.id.name, declaration: node } : undefined;
  }
  if (parent.type !== "VariableDeclarator" || parent.init !== node || parent.id.type !== "Identifier") return undefined;
  return { name: parent.id.name, declaration: parent };
}

/** `#private` members of instances, as written or as lowered by esbuild together with decorators. */
function hasPrivates({ body }: t.ClassDeclaration | t.ClassExpression, code: string): boolean {
  return (
    body.body.some((one) => /^ClassPrivate/.test(one.type) && !("static" in one && one.static)) ||
    code.slice(body.start ?? 0, body.end ?? 0).includes("__privateAdd(this,")
  );
}

function membersOf(node: t.ClassDeclaration | t.ClassExpression): Member[] {
  return node.body.body.flatMap((one) => {
    if (one.type !== "ClassMethod" || one.kind !== "method" || one.computed) return [];
    const name = keyName(one.key);
    return name === undefined ? [] : [{ isStatic: one.static, name, at: one.start ?? 0 }];
  });
}
