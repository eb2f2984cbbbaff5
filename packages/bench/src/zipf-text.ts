/**
 * The text of all word counts here, and of the measurements of other systems: ten words a line from a vocabulary of
 * 10,000, Zipf (s = 1) by rank; word i has 3 + i % 5 letters. The same lines for the same seed everywhere.
 */
const VOCABULARY = 10_000;
const WORDS_PER_LINE = 10;

const letter = (n: number): string => String.fromCharCode(97 + (n % 26));

function word(rank: number): string {
  let text = letter(rank) + letter(Math.floor(rank / 26)) + letter(Math.floor(rank / 676));
  for (let k = 0; k < rank % 5; k++) text += letter(rank * 7 + k * 11);
  return text;
}

/** The share of all words that have this rank or a lower one. */
function cumulativeShares(): Float64Array {
  const shares = new Float64Array(VOCABULARY);
  let total = 0;
  for (let i = 0; i < VOCABULARY; i++) {
    total += 1 / (i + 1);
    shares[i] = total;
  }
  return shares.map((share) => share / total);
}

/**
 * A source of lines.
 *
 * @param seed Of the generator x = 1664525·x + 1013904223 (mod 2³²), whose x / 2³² picks the first word of no smaller share.
 */
export function zipfLines(seed: number): () => string {
  const words = Array.from({ length: VOCABULARY }, (_, rank) => word(rank));
  const shares = cumulativeShares();
  const picked = new Array<string>(WORDS_PER_LINE);
  let x = seed >>> 0;
  return () => {
    for (let i = 0; i < WORDS_PER_LINE; i++) {
      x = (Math.imul(1664525, x) + 1013904223) >>> 0;
      picked[i] = words[rankOf(shares, x / 2 ** 32)] ?? "";
    }
    return picked.join(" "); // joined, not added up: a flat string, as one that was read from a socket or file is
  };
}

function rankOf(shares: Float64Array, at: number): number {
  let low = 0;
  let high = VOCABULARY - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shares[middle] ?? 1) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

const made = new Map<string, readonly string[]>();

/** `count` lines of a seed, created by the first call and kept by the thread: an in-memory input. */
export function cachedLines(seed: number, count: number): readonly string[] {
  const key = `${seed}/${count}`;
  let lines = made.get(key);
  if (lines === undefined) {
    const next = zipfLines(seed);
    lines = Array.from({ length: count }, () => next());
    made.set(key, lines);
  }
  return lines;
}
