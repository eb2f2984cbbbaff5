// Links between documents: the file has to be there, and the heading in it.
import { posix } from "node:path";

/** @typedef {import("./deps.mjs").Problem} Problem */

/**
 * @param {ReadonlyMap<string, string>} documents Text of every document, by its path from the root.
 * @param {(path: string) => boolean} exists Whether there is a file or folder, by its path from the root.
 * @returns {readonly Problem[]}
 */
export function checkLinks(documents, exists) {
  return [...documents].flatMap(([path, text]) =>
    linksOf(text).flatMap(({ target, line }) => {
      const broken = problemOf(documents, exists, path, target);
      if (broken === undefined) return [];
      return [{ where: `${path}:${line}`, what: `${target} leads nowhere: ${broken}`, fix: "mend the link" }];
    }),
  );
}

/**
 * @param {ReadonlyMap<string, string>} documents
 * @param {(path: string) => boolean} exists
 * @param {string} from
 * @param {string} target
 */
function problemOf(documents, exists, from, target) {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : posix.join(posix.dirname(from), file);
  if (!exists(path)) return `there is no ${path}`;
  if (anchor === undefined) return undefined;
  const text = documents.get(path);
  if (text === undefined || anchorsOf(text).has(anchor)) return undefined;
  return `${path} has no heading of that name`;
}

/** @param {string} text */
function linksOf(text) {
  return prose(text)
    .split("\n")
    .flatMap((line, index) =>
      [...line.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = ""]) => ({ target, line: index + 1 })),
    )
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

/**
 * Headings as GitHub names them.
 *
 * @param {string} text
 */
function anchorsOf(text) {
  const headings = [...prose(text).matchAll(/^#{1,6} +(.*?)[ \t]*$/gm)].map(([, title = ""]) =>
    title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(headings.flatMap((one, index) => [one, ...again(headings.slice(0, index), one)]));
}

/**
 * @param {readonly string[]} before
 * @param {string} heading
 */
function again(before, heading) {
  const times = before.filter((one) => one === heading).length;
  return times === 0 ? [] : [`${heading}-${times}`];
}

/**
 * Without code, line by line.
 *
 * @param {string} text
 */
function prose(text) {
  return text
    .replace(/^```.*?^```/gms, (block) => block.replace(/[^\n]/g, ""))
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ""));
}
