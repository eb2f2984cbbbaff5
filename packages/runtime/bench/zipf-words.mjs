// Ten words a line from 10,000 words, Zipf (s = 1) by rank: the text that all measurements of this repository use.

const VOCABULARY = 10_000;

function vocabulary() {
  return Array.from({ length: VOCABULARY }, (_, i) => {
    const letters = [i % 26, Math.floor(i / 26) % 26, Math.floor(i / 676) % 26];
    for (let k = 0; k < i % 5; k++) letters.push((i * 7 + k * 11) % 26);
    return String.fromCharCode(...letters.map((letter) => 97 + letter));
  });
}

function cumulative() {
  const sums = new Float64Array(VOCABULARY);
  let total = 0;
  for (let i = 0; i < VOCABULARY; i++) sums[i] = total += 1 / (i + 1);
  return sums.map((sum) => sum / total);
}

/** The same lines for the same seed, on every machine. */
export function lineGenerator(seed) {
  const words = vocabulary();
  const chances = cumulative();
  let state = seed >>> 0;
  const nextWord = () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const chance = state / 2 ** 32;
    let low = 0;
    let high = VOCABULARY - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (chances[middle] < chance) low = middle + 1;
      else high = middle;
    }
    return words[low];
  };
  return () => Array.from({ length: 10 }, nextWord).join(" ");
}
