import type { Binding, NodePath, Scope } from "@babel/traverse";
import type * as t from "@babel/types";
import { isClass, type Lifted, refuse } from "./lifted.ts";

export type LiftedByNode = ReadonlyMap<t.Node, Lifted>;

/**
 * Records, for each local variable of a scope, the functions within that use it. Declarations at the top level of a
 * module are not captured: every process evaluates the module itself.
 */
export function noteCaptures(scope: Scope, lifted: LiftedByNode): void {
  if (scope.path.isProgram()) {
    for (const binding of Object.values(scope.bindings)) noteDriverVariable(binding, lifted);
    return;
  }
  for (const binding of Object.values(scope.bindings)) {
    const { owner, self } = declarationOf(binding);
    if (owner.isProgram()) continue;
    for (const use of binding.referencePaths) noteUse(use, binding.identifier.name, { owner, self, lifted });
    for (const change of binding.constantViolations) noteAssignment(change, binding, { owner, self, lifted });
  }
}

/** Executors never see a value that driver code assigns to a module variable; functions may assign their own. */
function noteDriverVariable(binding: Binding, lifted: LiftedByNode): void {
  const { constantViolations: changes, referencePaths: uses } = binding;
  if (!changes.some(isOnDriver)) return;
  const reach: Reach = { owner: binding.scope.path, self: undefined, lifted };
  const done = new Set(changes.flatMap((change) => between(change, reach)));
  for (const use of uses) {
    for (const one of between(use, reach)) {
      if (done.has(one) || isClass(one.node)) continue;
      refuse(one, readMessage(binding.identifier.name), use.node);
      done.add(one);
    }
  }
}

/** Whether a place is directly in the body of the job or of an output, not in a function within it. */
function isOnDriver(place: NodePath): boolean {
  const call = place.getFunctionParent()?.parent;
  if (call?.type !== "CallExpression") return false;
  const { callee } = call;
  const named = callee.type === "MemberExpression" ? callee.property : callee;
  return named.type === "Identifier" && named.name === (named === callee ? "defineJob" : "foreachRDD");
}

function readMessage(name: string): string {
  return (
    `This function runs on executors and reads \`${name}\`, a variable of the module that the driver assigns to: each executor ` +
    "has a variable of its own, with the value of its declaration. Declare it in the job's body, so that its value is shipped."
  );
}

interface Reach {
  /** The scope that owns the variable. */
  readonly owner: NodePath;
  /** The class that a name refers to within that class itself. */
  readonly self: t.Node | undefined;
  readonly lifted: LiftedByNode;
}

/** A class declaration's name has a second binding within the class; for copied code both are the same variable. */
function declarationOf(binding: Binding): { owner: NodePath; self: t.Node | undefined } {
  const { path, scope } = binding;
  if (path.node.type !== "ClassDeclaration" || scope.path.node !== path.node)
    return { owner: scope.path, self: undefined };
  const outer = scope.parent.getBinding(binding.identifier.name);
  return { owner: outer?.scope.path ?? scope.path, self: path.node };
}

function noteUse(use: NodePath, name: string, reach: Reach): void {
  for (const one of between(use, reach)) {
    if (one.constant?.name === name && one.node === declaredBy(use, name)) continue; // recursion: a copy calls itself
    one.captures.add(name);
  }
}

/** The node that initialises a name at its declaration. */
function declaredBy(use: NodePath, name: string): t.Node | null | undefined {
  const node = use.scope.getBinding(name)?.path.node;
  return node?.type === "VariableDeclarator" ? node.init : node;
}

function noteAssignment(change: NodePath, binding: Binding, reach: Reach): void {
  const { name } = binding.identifier;
  if (change.node === binding.path.node) return; // a declaration in a loop
  for (const one of between(change, reach)) {
    one.captures.add(name);
    if (!one.assigned.has(name)) refuse(one, assignmentMessage(name), change.node);
    one.assigned.add(name);
  }
}

function assignmentMessage(name: string): string {
  return (
    `This function runs on executors and assigns to \`${name}\`, a captured variable: that would change a copy that nothing ` +
    "reads. Return the value instead (map, reduce, updateStateByKey), or count with an accumulator (ssc.longAccumulator())."
  );
}

/** The lifted functions and classes between a place and the owner of a variable, exclusive of the owner. */
function between(from: NodePath, { owner, self, lifted }: Reach): Lifted[] {
  const found: Lifted[] = [];
  for (let path: NodePath | null = from; path && path.node !== owner.node; path = path.parentPath) {
    if (path.node === self) continue;
    const one = lifted.get(path.node);
    if (one) found.push(one);
  }
  return found;
}
