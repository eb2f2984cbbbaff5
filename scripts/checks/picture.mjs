// The picture of packages and arrows in ARCHITECTURE.md, drawn from what the packages declare.

import { needsOf } from "./workspace.mjs";

/** @typedef {import("./workspace.mjs").Workspace} Workspace */

const BEGIN = "<!-- drawn by npm run check -- --draw -->";
const END = "<!-- end of the drawing -->";

/**
 * A package points at what it uses; what it also reaches through another one has no arrow of its own.
 *
 * @param {Workspace} workspace
 * @returns {string} A flowchart of Mermaid, packages from the ground up.
 */
export function drawPackages(workspace) {
  const byName = new Map(workspace.packages.map((one) => [one.manifest.name, shortName(one.folder)]));
  /** @type {Map<string, ReadonlySet<string>>} */
  const uses = new Map();
  for (const { folder, manifest } of workspace.packages) {
    const used = Object.keys(needsOf(manifest)).flatMap((name) => byName.get(name) ?? []);
    uses.set(shortName(folder), new Set(used));
  }
  const order = fromTheGround(uses);
  const arrows = order.flatMap((name) => direct(uses, name, order).map((other) => `  ${name} --> ${other}`));
  return ["```mermaid", "flowchart BT", ...order.map((name) => `  ${name}`), ...arrows, "```"].join("\n");
}

/** @param {string} folder */
function shortName(folder) {
  return folder.replace(/^packages\//, "");
}

/**
 * @param {ReadonlyMap<string, ReadonlySet<string>>} uses
 * @returns {readonly string[]} Each after all that it uses; among equals by name.
 */
function fromTheGround(uses) {
  /** @type {string[]} */
  const order = [];
  const left = new Set([...uses.keys()].sort());
  while (left.size > 0) {
    const next = [...left].find((name) => [...(uses.get(name) ?? [])].every((other) => !left.has(other)));
    if (next === undefined) throw new Error(`packages use each other in a circle: ${[...left].join(", ")}`);
    left.delete(next);
    order.push(next);
  }
  return order;
}

/**
 * @param {ReadonlyMap<string, ReadonlySet<string>>} uses
 * @param {string} name
 * @param {readonly string[]} order
 */
function direct(uses, name, order) {
  const used = uses.get(name) ?? new Set();
  const through = new Set([...used].flatMap((other) => [...reached(uses, other)]));
  return order.filter((other) => used.has(other) && !through.has(other));
}

/**
 * @param {ReadonlyMap<string, ReadonlySet<string>>} uses
 * @param {string} name
 * @returns {ReadonlySet<string>} All that it uses, itself or through others.
 */
function reached(uses, name) {
  const found = new Set();
  const queue = [...(uses.get(name) ?? [])];
  for (let other = queue.pop(); other !== undefined; other = queue.pop()) {
    if (found.has(other)) continue;
    found.add(other);
    queue.push(...(uses.get(other) ?? []));
  }
  return found;
}

/**
 * @param {string} document
 * @param {string} picture
 * @returns {string} The document with the picture in its place.
 */
export function withPicture(document, picture) {
  const [before, rest] = document.split(`${BEGIN}\n`);
  const [, after] = (rest ?? "").split(`\n${END}`);
  if (before === undefined || after === undefined) {
    throw new Error(`ARCHITECTURE.md has no place for the picture of packages: ${BEGIN} … ${END}`);
  }
  return `${before}${BEGIN}\n${picture}\n${END}${after}`;
}

/**
 * @param {string} document
 * @param {string} picture
 * @returns {readonly import("./deps.mjs").Problem[]}
 */
export function checkPicture(document, picture) {
  if (withPicture(document, picture) === document) return [];
  return [
    { where: "ARCHITECTURE.md", what: "the picture shows other packages or arrows", fix: "npm run check -- --draw" },
  ];
}
