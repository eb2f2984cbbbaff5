// Reads what the chat room prints, and holds its counts against the messages that it shows.

/**
 * @typedef {object} Batch
 * @property {string} time As its banner says.
 * @property {ReadonlyMap<string, number>} counts What `print()` showed: the first ten words.
 * @property {ReadonlyMap<string, number>} expected Every word of every message shown up to this batch.
 */

const PAIR = /^\[ '(.*)', (\d+) \]$/;
const BANNER = /^-{43}$/;
const TIME = /^Time: (.+)$/;
const MESSAGE = /^\w+: /;

/**
 * @param {string} log The job's log, from its beginning; a batch at its end that is not complete yet is left out.
 * @returns {readonly Batch[]} In the order of the log.
 */
export function readBatches(log) {
  /** @type {Map<string, number>} */
  const words = new Map();
  /** @type {Batch[]} */
  const batches = [];
  /** @type {{ time: string, counts: Map<string, number> } | undefined} */
  let open;
  for (const line of log.split(/\r?\n/)) {
    const time = TIME.exec(line)?.[1];
    const pair = PAIR.exec(line);
    if (time !== undefined) open = { time, counts: new Map() };
    else if (pair && open) open.counts.set(pair[1] ?? "", Number(pair[2]));
    else if (line === "" && open) {
      batches.push({ ...open, expected: new Map(words) });
      open = undefined;
    } else if (MESSAGE.test(line) && !BANNER.test(line)) addWords(words, line);
  }
  return batches;
}

/**
 * @param {readonly Batch[]} batches
 * @returns {readonly string[]} A line for each count that the messages do not bear out.
 */
export function wrongCounts(batches) {
  return batches.flatMap((batch) =>
    [...batch.counts].flatMap(([word, count]) => {
      const right = batch.expected.get(word) ?? 0;
      return count === right ? [] : [`${batch.time}: "${word}" is counted ${count} times and was said ${right} times`];
    }),
  );
}

/**
 * @param {Map<string, number>} words
 * @param {string} message
 */
function addWords(words, message) {
  for (const word of message.split(" ")) words.set(word, (words.get(word) ?? 0) + 1);
}
