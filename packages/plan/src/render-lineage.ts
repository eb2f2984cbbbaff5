import type { Layout } from "./layout.ts";
import { type Lineage, parentsOf, unresolvedNodes } from "./lineage.ts";

/** Properties of RDDs that lineage does not have. */
export interface LineageNames {
  readonly layout: Layout;
  readonly nameOf: (node: Lineage) => string | undefined;
}

/**
 * An RDD and its lineage, one line each, the last operation first. RDDs that need no shuffle are aligned; those behind
 * `+-` are shuffled. The numbers are those of partitions, `?` where sources must be resolved first.
 */
export function renderLineage(node: Lineage, names: LineageNames): string {
  return stageLines(node, "", "", names).join("\n");
}

function stageLines(node: Lineage, first: string, indent: string, names: LineageNames): string[] {
  return [`${first}(${partitionsOf(node, names.layout)}) ${titleOf(node, names)}`, ...linesBelow(node, indent, names)];
}

function linesBelow(node: Lineage, indent: string, names: LineageNames): string[] {
  const inPlace = inPlaceOf(node, names.layout);
  return partsOf(node).flatMap((parent, i) => {
    if (inPlace[i] !== true) return stageLines(parent, `${indent} +-`, `${indent}   `, names);
    return [`${indent} |  ${titleOf(parent, names)}`, ...linesBelow(parent, indent, names)];
  });
}

/** For each parent, true if it is computed within the same tasks. */
function inPlaceOf(node: Lineage, layout: Layout): readonly boolean[] {
  switch (node.kind) {
    case "shuffled":
    case "merge":
    case "state":
      return isKnown(node) ? layout.inPlace(node) : [];
    case "persisted":
      return [];
    default:
      return partsOf(node).map(() => true);
  }
}

function partsOf(node: Lineage): readonly Lineage[] {
  return node.kind === "deferred" && node.lineage === undefined ? node.parents : parentsOf(node);
}

const isKnown = (node: Lineage): boolean => unresolvedNodes(node).length === 0;

function partitionsOf(node: Lineage, layout: Layout): number | "?" {
  if (isKnown(node)) return layout.partitions(node);
  return node.kind === "source" ? (node.partitions ?? "?") : "?";
}

function titleOf(node: Lineage, { nameOf }: LineageNames): string {
  const name = nameOf(node);
  return name === undefined ? labelOf(node) : `${name} (${labelOf(node)})`;
}

function labelOf(node: Lineage): string {
  if (node.kind === "narrow") return node.op.label;
  return "label" in node ? node.label : node.kind;
}
