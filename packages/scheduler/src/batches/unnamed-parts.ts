import type { NamedPart } from "@millrace/plan";

/**
 * The names under which a checkpoint and a job certainly mean the same part. A given name is certain. A name that comes from the place
 * in the graph is certain only if nothing suggests that parts of its kind have been added, removed or put in another order:
 * data must never be taken over by another part.
 */
export function certainParts(before: readonly NamedPart[], now: readonly NamedPart[]): ReadonlySet<string> {
  const certain = new Set(now.filter(({ given }) => given).map(({ name }) => name));
  const groups = new Set(now.filter(({ given }) => !given).map(groupOf));
  for (const group of groups) {
    const mine = (part: NamedPart): boolean => !part.given && groupOf(part) === group;
    for (const name of certainIn(before.filter(mine), now.filter(mine))) certain.add(name);
  }
  return certain;
}

/** Names by place are counted for each operation: `updateStateByKey-1`. */
function groupOf({ name }: NamedPart): string {
  return name.replace(/-\d+$/, "");
}

/** Of the parts of one operation. */
function certainIn(before: readonly NamedPart[], now: readonly NamedPart[]): readonly string[] {
  const was = new Map(before.map((part) => [part.name, part]));
  const pairs = now.flatMap((is) => {
    const old = was.get(is.name);
    return old === undefined ? [] : [{ name: is.name, was: old, is }];
  });
  const asBefore = pairs.length === before.length && pairs.length === now.length;
  const only = (all: readonly NamedPart[], same: (part: NamedPart) => boolean): boolean =>
    all.filter(same).length === 1;
  const unchanged = pairs.filter(({ was: a, is: b }) => a.place === b.place && a.code === b.code);
  const certain = new Set(
    unchanged
      .filter(({ is }) => {
        const same = (part: NamedPart): boolean => part.place === is.place && part.code === is.code;
        return asBefore || (only(before, same) && only(now, same));
      })
      .map(({ name }) => name),
  );
  // Of the others, one may have new code at a place where no other was.
  const rest = pairs.filter(({ name }) => !certain.has(name));
  for (const { name, was: a, is: b } of rest) {
    const same = (part: NamedPart): boolean => !certain.has(part.name) && part.place === b.place;
    if (a.place === b.place && only(before, same) && only(now, same)) certain.add(name);
  }
  const left = pairs.filter(({ name }) => !certain.has(name));
  if (asBefore && left.length === 1) for (const { name } of left) certain.add(name);
  return [...certain];
}
