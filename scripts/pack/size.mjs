// The size of the package, held against what was recorded.

/**
 * @typedef {object} Size
 * @property {number} packedBytes What is fetched.
 * @property {number} unpackedBytes
 * @property {number} files
 * @property {number} dependencies Named by its package.json.
 * @property {number} installed Packages that come with it, those of its dependencies included.
 */

/** By how much bytes and files may grow before somebody has to say so. */
const ALLOWED = 0.1;

/**
 * @param {Size} size
 * @returns {string} A line.
 */
export function formatSize({ packedBytes, unpackedBytes, files, dependencies, installed }) {
  return `${kilobytes(packedBytes)} packed, ${kilobytes(unpackedBytes)} unpacked in ${files} files; ${dependencies} dependencies, ${installed} packages with theirs`;
}

/**
 * @param {Size} size
 * @param {Size} recorded
 * @returns {readonly string[]} What has grown too much, a line each.
 */
export function grown(size, recorded) {
  /** @type {readonly (readonly [keyof Size, string, number])[]} */
  const limits = [
    ["packedBytes", "bytes packed", ALLOWED],
    ["unpackedBytes", "bytes unpacked", ALLOWED],
    ["files", "files", ALLOWED],
    ["dependencies", "dependencies", 0],
    ["installed", "packages installed with it", ALLOWED],
  ];
  return limits
    .filter(([field, , allowed]) => size[field] > recorded[field] * (1 + allowed))
    .map(
      ([field, title]) =>
        `the package has ${size[field]} ${title}, and ${recorded[field]} are recorded in scripts/pack/size.json. Find out what was added (tar tf lists it); if it belongs there, record it with: npm run pack -- --record`,
    );
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${Math.round(bytes / 1000).toLocaleString("en")} kB`;
}
