// The score card: a few figures of the whole code, each with a limit that it may not pass again once it kept it.

import { typeNamesInTwoPackages } from "./type-names.mjs";
import { isTest } from "./workspace.mjs";

/** @typedef {import("./workspace.mjs").Workspace} Workspace */
/** @typedef {import("./workspace.mjs").Source} Source */

/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} value
 * @property {string} unit
 * @property {"most" | "least"} limit Whether the recorded limit is the most that it may be, or the least.
 * @property {number} goal
 * @property {readonly string[]} where The first places that count against it.
 *
 * @typedef {{ readonly figure: Figure, readonly recorded: number | undefined, readonly kept: boolean }} Score
 */

/** Programs and measurements that nobody builds on. */
const ASIDE = new Set(["packages/examples", "packages/bench", "packages/conformance"]);
const PLACES_MAX = 5;

/**
 * @param {Workspace} workspace
 * @returns {readonly Figure[]}
 */
export function cardOf(workspace) {
  const all = workspace.packages.flatMap((one) =>
    one.sources.map((source) => ({ file: `${one.folder}/${source.path}`, source, aside: ASIDE.has(one.folder) })),
  );
  const tests = all.filter(({ source }) => isTest(source) && source.path.startsWith("src/"));
  const code = all.filter(({ source, aside }) => !aside && !isTest(source) && source.path.startsWith("src/"));
  const lines = sum(code, ({ lines }) => lines);
  const thousands = lines / 1000;
  const places = (/** @type {(figures: Source["figures"]) => readonly number[]} */ of) =>
    code.flatMap(({ file, source }) => of(source.figures).map((line) => `${file}:${line}`));
  /** @type {(name: string, of: (figures: Source["figures"]) => readonly number[], goal: number) => Figure} */
  const perThousand = (name, of, goal) => ({
    ...{ name, unit: "a thousand lines", limit: "most", goal },
    ...{ value: places(of).length / thousands, where: places(of) },
  });
  const files = code.map(({ source }) => source.figures.lines);
  const functions = code.flatMap(({ source }) => source.figures.functions);
  const long = functions.filter((length) => length > 70).length;
  const open = places(({ openSwitches }) => openSwitches);
  const plain = places(({ plainThrows }) => plainThrows);
  const thrown = plain.length + sum(code, ({ codedThrows }) => codedThrows);
  const twice = typeNamesInTwoPackages(workspace);
  return [
    ...perThousandAll(perThousand),
    { ...most("errors without a code", "% of throws", 2), value: share(plain.length, thrown), where: plain },
    { ...most("switches not held to be complete", "", 0), value: open.length, where: open },
    {
      ...most("type names in two packages", "", 0),
      value: twice.size,
      where: [...twice].map(([name, files]) => `${name}: ${files.join(", ")}`),
    },
    { ...most("file length, 9 of 10 below", "lines", 350), value: percentile(files, 0.9) },
    { ...most("function length, 9 of 10 below", "lines", 40), value: percentile(functions, 0.9) },
    { ...most("functions longer than 70 lines", "%", 2), value: share(long, functions.length) },
    {
      ...most("comments", "% of lines", 25),
      value: share(
        sum(code, ({ commentLines }) => commentLines),
        lines,
      ),
    },
    {
      ...{ name: "tests", unit: "% of the lines they test", limit: "least", goal: 40, where: [] },
      value: share(
        sum(tests, ({ lines: length }) => length),
        lines,
      ),
    },
  ];
}

/** @param {(name: string, of: (figures: Source["figures"]) => readonly number[], goal: number) => Figure} figure */
function perThousandAll(figure) {
  return [
    figure("`as`", ({ casts }) => casts, 2),
    figure("`any`", ({ anys }) => anys, 0),
    figure("`!`", ({ assertions }) => assertions, 0.2),
  ];
}

/**
 * @param {string} name
 * @param {string} unit
 * @param {number} goal
 * @returns {Omit<Figure, "value">}
 */
function most(name, unit, goal) {
  return { name, unit, limit: "most", goal, where: [] };
}

/**
 * Compares with what was kept before. A figure that keeps its goal may move within it; one that misses it may only get better.
 *
 * @param {readonly Figure[]} figures
 * @param {Readonly<Record<string, number>>} recorded By the figure's name.
 * @returns {readonly Score[]}
 */
export function scored(figures, recorded) {
  return figures.map((figure) => {
    const before = recorded[figure.name];
    const bound = bounds(figure, before);
    const kept = figure.limit === "most" ? rounded(figure.value) <= bound : rounded(figure.value) >= bound;
    return { figure, recorded: before, kept };
  });
}

/**
 * @param {Figure} figure
 * @param {number | undefined} recorded
 */
function bounds({ limit, goal }, recorded) {
  if (recorded === undefined) return goal;
  return limit === "most" ? Math.max(goal, recorded) : Math.min(goal, recorded);
}

/** @param {readonly Figure[]} figures @returns {Readonly<Record<string, number>>} What to record: those that miss their goal. */
export function toRecord(figures) {
  const missed = figures.filter(({ limit, goal, value }) => (limit === "most" ? value > goal : value < goal));
  return Object.fromEntries(missed.map(({ name, value }) => [name, rounded(value)]));
}

/** @param {Score} score */
export function formatScore({ figure: { name, value, unit, limit, goal, where }, recorded, kept }) {
  const wanted = `${limit === "most" ? "at most" : "at least"} ${goal}`;
  const than = recorded === undefined ? "" : `, ${recorded} before`;
  const mark = kept ? (recorded === undefined ? "ok    " : "missed") : "WORSE ";
  const line = `  ${mark} ${name}: ${rounded(value)} ${unit}`.trimEnd();
  return [
    `${line} (${wanted}${than})`,
    ...(kept ? [] : where.slice(-PLACES_MAX).map((place) => `           ${place}`)),
  ];
}

/**
 * @param {readonly { readonly source: Source }[]} files
 * @param {(figures: Source["figures"]) => number} of
 */
function sum(files, of) {
  return files.reduce((total, { source }) => total + of(source.figures), 0);
}

/**
 * @param {number} part
 * @param {number} whole
 */
function share(part, whole) {
  return whole === 0 ? 0 : (100 * part) / whole;
}

/**
 * @param {readonly number[]} values
 * @param {number} at
 */
function percentile(values, at) {
  return values.toSorted((a, b) => a - b)[Math.floor(at * (values.length - 1))] ?? 0;
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * 10) / 10;
}
