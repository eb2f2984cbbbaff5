import { isClass, type Lifted } from "./lifted.ts";

/**
 * Decides which classes are registered, so that their instances keep their type: those created once per process where
 * they are, and local ones that can be created once because they capture only one another and run no code of their own.
 *
 * @returns Groups of local classes that must be created together, in source order.
 */
export function registerClasses(all: readonly Lifted[]): readonly (readonly Lifted[])[] {
  for (const one of all) {
    if (isClass(one.node) && one.captures.size === 0 && isMadeOnce(one)) one.registered = "at its place";
  }
  const hoistable = new Set(all.filter((one) => one.registered === undefined && isPlain(one)));
  while (dropThoseThatCaptureOthers(hoistable));
  const groups = groupsOf(hoistable).filter((group) => new Set(group.map(nameOf)).size === group.length);
  for (const one of groups.flat()) one.registered = "hoisted";
  return groups;
}

function isMadeOnce({ path }: Lifted): boolean {
  return !path.findParent((parent) => parent.isFunction() || (parent.isClassProperty() && !parent.node.static));
}

function isPlain({ node, constant, usesThis, refusals }: Lifted): boolean {
  if (node.type !== "ClassDeclaration" || constant === undefined || usesThis || refusals.length > 0) return false;
  if (node.superClass && node.superClass.type !== "Identifier") return false;
  return node.body.body.every(
    (one) =>
      one.type !== "StaticBlock" &&
      !("computed" in one && one.computed) &&
      !("static" in one && one.static && "value" in one && one.value),
  );
}

function dropThoseThatCaptureOthers(hoistable: Set<Lifted>): boolean {
  for (const one of hoistable) {
    if ([...one.captures].every((name) => classNamed(one, name, hoistable) !== undefined)) continue;
    hoistable.delete(one);
    return true;
  }
  return false;
}

/** The local class that a captured name refers to, if it is among `candidates`. */
function classNamed(one: Lifted, name: string, candidates: Iterable<Lifted>): Lifted | undefined {
  const declaration = one.path.parentPath?.scope.getBinding(name)?.path.node;
  for (const other of candidates) {
    if (declaration === other.node) return other;
  }
  return undefined;
}

function groupsOf(hoistable: Set<Lifted>): Lifted[][] {
  const groupOf = new Map<Lifted, Lifted[]>();
  for (const one of hoistable) groupOf.set(one, [one]);
  for (const one of hoistable) {
    for (const name of one.captures) {
      const other = classNamed(one, name, hoistable);
      if (other) merge(groupOf, one, other);
    }
  }
  return [...new Set(groupOf.values())].map((group) => group.sort((a, b) => startOf(a) - startOf(b)));
}

function merge(groupOf: Map<Lifted, Lifted[]>, one: Lifted, other: Lifted): void {
  const target = groupOf.get(one) ?? [];
  const source = groupOf.get(other) ?? [];
  if (target === source) return;
  for (const moved of source) {
    target.push(moved);
    groupOf.set(moved, target);
  }
}

function nameOf(one: Lifted): string | undefined {
  return one.constant?.name;
}

function startOf(one: Lifted): number {
  return one.node.start ?? 0;
}
