// Whether what is installed runs on the floor: no package asks for a newer Node, but for those that are tried there.
import { satisfies } from "semver";

/** @typedef {import("./deps.mjs").Problem} Problem */

/** The oldest Node that the system promises to run on. */
const FLOOR = "20.19.0";

/** Packages that ask for more than they need, each with the reason for taking it. */
const TRIED = new Map([
  ["@platformatic/kafka", "asks for 20.19.4, for a mended fault of Node's; the tests of the Kafka connector run it"],
  ["@platformatic/dynamic-buffer", "a part of the Kafka client: the same tests run it"],
  ["@platformatic/wasm-utils", "a part of the Kafka client: the same tests run it"],
]);

/**
 * Every package of a lockfile that the floor is too old for, and every exception that is none.
 *
 * @param {string} lockfile The text of pnpm-lock.yaml.
 * @returns {readonly Problem[]}
 */
export function findTooNew(lockfile) {
  const tooNew = enginesIn(lockfile).filter(({ node }) => !satisfies(FLOOR, node));
  const names = new Set(tooNew.map(({ name }) => name));
  return [
    ...tooNew
      .filter(({ name }) => !TRIED.has(name))
      .map(({ name, version, node }) => ({
        where: "pnpm-lock.yaml",
        what: `${name}@${version} asks for Node ${node}, and ours runs on ${FLOOR}`,
        fix: "take an older version of it; or try it on the floor, and add it to TRIED in scripts/checks/engines.mjs",
      })),
    ...[...TRIED.keys()]
      .filter((name) => !names.has(name))
      .map((name) => ({
        where: "scripts/checks/engines.mjs",
        what: `${name} asks for nothing that ${FLOOR} is too old for`,
        fix: "remove it from TRIED",
      })),
  ];
}

/** @param {string} lockfile */
function enginesIn(lockfile) {
  const packages = lockfile.split(/^packages:$/m)[1]?.split(/^\S/m)[0] ?? "";
  const entries = packages.matchAll(/^ {2}'?((?:@[^@/]+\/)?[^@/]+)@([^':]+)'?:\n((?: {4}.*\n)+)/gm);
  return [...entries].flatMap(([, name = "", version = "", body = ""]) => {
    const node = /engines: \{.*?node: '?([^'}]+)'?/.exec(body)?.[1];
    return node === undefined ? [] : [{ name, version, node }];
  });
}
