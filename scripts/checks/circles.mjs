// Files that need each other's types: no module can be read, moved or tested without the others of its circle.
import { posix } from "node:path";

/** @typedef {import("./workspace.mjs").Workspace} Workspace */
/** @typedef {import("./workspace.mjs").Package} Package */
/** @typedef {import("./workspace.mjs").Source} Source */

/**
 * A circle that stays, because its files are one idea.
 *
 * @typedef {object} OneIdea
 * @property {readonly string[]} files From the root, sorted.
 * @property {string} why
 */

/** @type {readonly OneIdea[]} */
export const ONE_IDEA = [
  {
    files: [
      "packages/api/src/operations/sorting.ts",
      "packages/api/src/partition/range-partitioner.ts",
      "packages/api/src/rdd/rdd.ts",
      "packages/api/src/rdd/transformations.ts",
    ],
    why: "RDD is one class in two files. Sorting places its pairs by a RangePartitioner, which a job may also make of an RDD.",
  },
];

/**
 * Circles of imports of any kind, types too, that are not listed; and what is listed and no longer there. Circles of
 * values alone are an error in any case: see `deps.mjs`.
 *
 * @param {Workspace} workspace
 * @param {readonly OneIdea[]} listed
 * @returns {readonly import("./deps.mjs").Problem[]}
 */
export function findTypeCircles(workspace, listed) {
  const found = workspace.packages.flatMap(circlesOf).map((files) => files.join(" "));
  const allowed = listed.map(({ files }) => files.join(" "));
  return [
    ...found
      .filter((files) => !allowed.includes(files))
      .map((files) => ({
        where: files.split(" ")[0] ?? files,
        what: `a circle of imports, with those of types: ${files}`,
        fix: "give what both need a file of its own; if they are one idea, list them in ONE_IDEA of scripts/checks/circles.mjs with the reason",
      })),
    ...allowed
      .filter((files) => !found.includes(files))
      .map((files) => ({
        where: "scripts/checks/circles.mjs",
        what: `no such circle any more: ${files}`,
        fix: "take it out of ONE_IDEA, or list what is left of it",
      })),
  ];
}

/**
 * Tarjan's strongly connected components, of more than one file.
 *
 * @param {Package} one
 * @returns {string[][]} Paths from the root, sorted.
 */
function circlesOf(one) {
  const files = new Map(one.sources.map((source) => [source.path, source]));
  /** @type {Map<string, number>} */
  const order = new Map();
  /** @type {string[]} */
  const open = [];
  /** @type {string[][]} */
  const circles = [];
  /** @type {(path: string) => number} */
  const visit = (path) => {
    const number = order.size;
    order.set(path, number);
    open.push(path);
    let lowest = number;
    for (const target of targetsOf(files, path)) {
      const seen = order.get(target);
      if (seen === undefined) lowest = Math.min(lowest, visit(target));
      else if (open.includes(target)) lowest = Math.min(lowest, seen);
    }
    if (lowest === number) {
      const members = open.splice(open.indexOf(path));
      if (members.length > 1) circles.push(members.map((member) => `${one.folder}/${member}`).sort());
    }
    return lowest;
  };
  for (const path of files.keys()) if (!order.has(path)) visit(path);
  return circles.sort();
}

/**
 * @param {ReadonlyMap<string, Source>} files
 * @param {string} path
 */
function targetsOf(files, path) {
  const mentions = files.get(path)?.mentions ?? [];
  return mentions
    .filter(({ kind, specifier }) => kind !== "path" && specifier.startsWith("."))
    .map(({ specifier }) => posix.join(posix.dirname(path), specifier).replace(/\.js$/, ".ts"))
    .filter((target) => files.has(target));
}
