// A thread that allocates, marks, checks and frees slices of the pool as fast as it can, at random.
// With `until: "steps"` it ends by itself and reports the slices it still holds; else it goes on until it is ended.
import { parentPort, workerData } from "node:worker_threads";
import { BlockPool } from "../dist/index.js";

const { handle, seed, until, kept } = workerData;
const pool = BlockPool.attach(handle);
let state = seed >>> 0;
const random = (below) => {
  state = (Math.imul(1664525, state) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const mark = (slice) => (slice.offset / 16 + seed * 31) & 0xff;

const live = [];
let allocations = 0;
let refusals = 0;
function step() {
  if (live.length > kept || (live.length > 0 && random(2) === 0)) {
    const [slice] = live.splice(random(live.length), 1);
    const view = pool.view(slice);
    const expected = mark(slice);
    for (let i = 0; i < view.length; i += 61) {
      if (view[i] !== expected) throw new Error(`byte ${i} of the slice at ${slice.offset} is ${view[i]}, not ${expected}`);
    }
    pool.free(slice);
    return;
  }
  const slice = pool.allocate(1 + random(random(4) === 0 ? 200_000 : 2_000));
  if (slice === undefined) {
    refusals += 1;
    return;
  }
  allocations += 1;
  pool.view(slice).fill(mark(slice));
  live.push(slice);
}

if (until === "steps") {
  for (let i = 0; i < 40_000; i++) step();
  pool.close();
  parentPort.postMessage({ live, allocations, refusals });
} else {
  for (let i = 0; ; i++) {
    step();
    if (i === 1_000) parentPort.postMessage("at work");
  }
}
