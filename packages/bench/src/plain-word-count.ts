// The same count as `jobs/word-count.ts` in one plain loop, one thread, no engine: the ceiling of one core, and what the
// engine is compared with in the same run. `node dist/plain-word-count.js LINES BATCHES`
import { reportLine } from "./child.ts";
import { cachedLines } from "./zipf-text.ts";

function count(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

const [lineCount = 1_000_000, batches = 5] = process.argv.slice(2).map(Number);
const lines = cachedLines(1, lineCount);
for (let batch = 0; batch < batches; batch++) {
  const start = performance.now();
  const counts = count(lines);
  const ms = performance.now() - start;
  const words = [...counts.values()].reduce((sum, n) => sum + n, 0);
  console.log(reportLine({ ms, words }));
}
