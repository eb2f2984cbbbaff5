import type { NodePath } from "@babel/traverse";
import type * as t from "@babel/types";
import type { LiftedByNode } from "./captures.ts";
import { isClass, type Lifted, refuse } from "./lifted.ts";

const LEXICAL = /^(ThisExpression|Super|MetaProperty|PrivateName)$/;

/** Whether {@link noteLexical} applies to a node. */
export function isLexical(node: t.Node): boolean {
  if (node.type === "Identifier") return node.name === "arguments";
  if (node.type === "CallExpression") return node.callee.type === "Identifier" && node.callee.name === "eval";
  return LEXICAL.test(node.type);
}

/**
 * Records what a function uses from its surroundings besides variables: `this`, `arguments`, `super`, `#private` names.
 */
export function noteLexical(path: NodePath, lifted: LiftedByNode): void {
  const { node } = path;
  switch (node.type) {
    case "ThisExpression":
      noteThis(path, lifted);
      break;
    case "Identifier":
      if (path.isReferencedIdentifier() && !path.scope.hasBinding("arguments", true)) {
        refuseArrows(
          path,
          lifted,
          "This function uses `arguments` of the function around it, which does not ship. Take rest parameters instead: (...args) =>",
        );
      }
      break;
    case "Super":
      refuseSuper(path, lifted);
      break;
    case "MetaProperty":
      if (node.meta.name === "new") {
        refuseArrows(
          path,
          lifted,
          "This function uses `new.target` of the function around it, which does not ship. Copy it to a const first and use that.",
        );
      }
      break;
    case "PrivateName":
      if (!isDeclarationOfPrivate(path)) notePrivate(path, node.id.name, lifted);
      break;
    case "CallExpression":
      if (!path.scope.hasBinding("eval", true)) {
        for (const one of around(path, lifted))
          refuse(
            one,
            "This function calls `eval`, which may use any variable, so what it captures is unknown. Write the code out.",
            node,
          );
      }
      break;
    default:
      break; // other kinds of nodes take nothing from around
  }
}

/**
 * The nodes between a place and the function that provides its `this`: arrows, and classes entered through their heads.
 */
function throughArrows(from: NodePath, visit: (crossed: NodePath) => void): NodePath | undefined {
  for (let path = from; path.parentPath; path = path.parentPath) {
    const parent = path.parentPath;
    const { node } = parent;
    if (node.type === "ArrowFunctionExpression") visit(parent);
    else if (parent.isFunction()) {
      if (path.key !== "key") return parent; // the computed name of a method is evaluated outside of it
    } else if (node.type === "StaticBlock") return parent;
    else if (isFieldValue(parent, path)) return parent;
    else if (isClass(node)) visit(parent);
  }
  return undefined;
}

function isFieldValue(parent: NodePath, path: NodePath): boolean {
  return /^Class(Private|Accessor)?Property$/.test(parent.node.type) && path.key === "value";
}

function noteThis(path: NodePath, lifted: LiftedByNode): void {
  const crossed: Lifted[] = [];
  const giver = throughArrows(path, (one) => {
    const found = lifted.get(one.node);
    if (found) crossed.push(found);
  });
  if (giver === undefined) return; // a module's own `this` is undefined everywhere
  for (const one of crossed) one.usesThis = true;
}

function refuseArrows(path: NodePath, lifted: LiftedByNode, message: string): NodePath | undefined {
  const crossed: Lifted[] = [];
  const giver = throughArrows(path, (one) => {
    const found = lifted.get(one.node);
    if (found) crossed.push(found);
  });
  if (giver === undefined) return undefined;
  for (const one of crossed) refuse(one, message, path.node);
  return giver;
}

const SUPER =
  "This function uses `super` of the class or object around it, which does not ship. Call the method before, and capture its result in a const.";

function refuseSuper(path: NodePath, lifted: LiftedByNode): void {
  const giver = refuseArrows(path, lifted, SUPER);
  const method = giver?.node.type === "ObjectMethod" ? lifted.get(giver.node) : undefined;
  if (method) refuse(method, SUPER, path.node);
}

function isDeclarationOfPrivate({ parent, key }: NodePath): boolean {
  return /^Class(Private|Accessor)(Property|Method)$/.test(parent.type) && key === "key";
}

/** Code with a `#private` member compiles only within its class, so functions in between cannot be copied out. */
function notePrivate(path: NodePath, name: string, lifted: LiftedByNode): void {
  const owner = path.findParent((parent) => isClass(parent.node) && declaresPrivate(parent.node, name));
  for (const one of around(path, lifted)) {
    if (one.node === owner?.node) return;
    refuse(
      one,
      `This function uses \`#${name}\`, which exists only inside its class. Copy it to a const first (const ${name} = this.#${name}) and use that.`,
      path.node,
    );
  }
}

function declaresPrivate(node: t.ClassDeclaration | t.ClassExpression, name: string): boolean {
  return node.body.body.some((one) => "key" in one && one.key.type === "PrivateName" && one.key.id.name === name);
}

/** All lifted functions and classes around a place, from the inside out. */
function* around(path: NodePath, lifted: LiftedByNode): Generator<Lifted> {
  for (let at: NodePath | null = path; at; at = at.parentPath) {
    const one = lifted.get(at.node);
    if (one) yield one;
  }
}
