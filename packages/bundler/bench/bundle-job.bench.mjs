// Measures the time to bundle a small job: `node packages/bundler/bench/bundle-job.bench.mjs`. Needs a build.
//
// Baseline, Node 20.20, two cores shared with others, medians in ms:
//   first in a process 340, again in the process 30, from the cache 1.5, from the cache in a fresh process 5
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleJob } from "../dist/index.js";

const JOB = `import { defineJob } from "millrace";
export default defineJob({ name: "chat-room", batchInterval: "1s" }, (ssc, args) => {
  const [host = "localhost", port = "9999"] = args;
  ssc.socketTextStream(host, Number(port))
    .flatMap((line: string) => line.split(" "))
    .map((word: string) => [word, 1])
    .updateStateByKey((added: number[], total = 0) => added.reduce((sum, n) => sum + n, total))
    .print();
});
`;

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
const file = join(folder, "job.ts");
writeFileSync(file, JOB);
const options = {};
const cached = { cacheDir: join(folder, "cache") };

async function measure(times, given) {
  const taken = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await bundleJob(file, given);
    taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b)[times >> 1].toFixed(1);
}

console.log(`first in a process     ${await measure(1, options)} ms`);
console.log(`again in the process   ${await measure(21, options)} ms`);
await bundleJob(file, cached);
console.log(`from the cache         ${await measure(21, cached)} ms`);
rmSync(folder, { recursive: true, force: true });
