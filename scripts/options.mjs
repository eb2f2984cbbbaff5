// Options of the scripts behind `npm run …`: a wrong one is answered with a sentence, before anything is done.
import { parseArgs } from "node:util";

/**
 * @template {NonNullable<import("node:util").ParseArgsConfig["options"]>} T
 * @param {T} options
 * @param {readonly string[]} [args]
 * @returns The values; this process ends with 2 if there is an option that is none of these.
 */
export function optionsOrExit(options, args = process.argv.slice(2)) {
  try {
    return parseArgs({ options, args: [...args] }).values;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(". ")[0] : String(error);
    const known = Object.keys(options).map((name) => `--${name}`);
    refuse(`${reason}; there are ${known.join(", ")}`);
  }
}

/**
 * Ends this process with 2.
 *
 * @param {string} reason With the remedy, without a full stop.
 * @returns {never}
 */
export function refuse(reason) {
  console.error(`millrace: ${reason}. Nothing was done.`);
  process.exit(2);
}
