/** The word that someone who wrote `given` most likely meant; `undefined` if none is alike. O(words · length²). */
export function closest(given: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(given.length / 3)) + 1;
  for (const word of words) {
    if (Math.abs(word.length - given.length) >= bestDistance) continue;
    const distance = editDistance(given, word);
    if (distance < bestDistance) [best, bestDistance] = [word, distance];
  }
  return best;
}

/** `" (did you mean total?)"`, or nothing. */
export function didYouMean(given: string, words: Iterable<string>): string {
  const word = closest(given, words);
  return word === undefined ? "" : ` (did you mean ${word}?)`;
}

/** Insertions, removals and replacements of a character that lead from one to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
