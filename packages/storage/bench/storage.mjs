// What the parts of storage cost on this machine: `node packages/storage/bench/storage.mjs` after a build.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { BlockBuilder, BlockPool, LocalFileSystem, readHandle, SpillDirectory, StateLog } from "../dist/index.js";

const MiB = 1024 ** 2;

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Microseconds of one call, the median of nine rounds. */
function micros(calls, round) {
  const rounds = [];
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    round(calls);
    rounds.push(((performance.now() - start) * 1000) / calls);
  }
  return median(rounds);
}

/** Keeps `kept` slices alive, first in first out. */
function churn(pool, bytes, kept) {
  const ring = new Array(kept);
  let at = 0;
  return (calls) => {
    for (let i = 0; i < calls; i++) {
      const old = ring[at];
      if (old !== undefined) pool.free(old);
      ring[at] = pool.allocate(bytes);
      at = (at + 1) % kept;
    }
  };
}

function show(name, us) {
  console.log(`${name.padEnd(70)} ${us < 100 ? us.toFixed(2) : us.toFixed(0)} µs`);
}

if (!isMainThread) {
  const pool = BlockPool.attach(workerData.handle);
  parentPort.postMessage(micros(50_000, churn(pool, workerData.bytes, 50)));
} else {
  await main();
}

async function main() {
  for (const [mb, label] of [
    [256, "256 MiB"],
    [4096, "4 GiB"],
  ]) {
    for (const bytes of [500, 40_000, 256 * 1024]) {
      const pool = BlockPool.create({ bytes: mb * MiB });
      show(`allocate + free, ${bytes} B, 50 alive, pool of ${label}`, micros(50_000, churn(pool, bytes, 50)));
    }
    const full = BlockPool.create({ bytes: mb * MiB });
    const slices = [];
    for (let slice = full.allocate(20_000); slice !== undefined; slice = full.allocate(20_000)) slices.push(slice);
    show(
      `refusal by a full pool of ${label}`,
      micros(10_000, (n) => {
        for (let i = 0; i < n; i++) full.allocate(256 * 1024);
      }),
    );
    for (let i = 0; i < slices.length; i += 2) full.free(slices[i]);
    show(
      `refusal by a pool of ${label} of which each second run is free`,
      micros(100, (n) => {
        for (let i = 0; i < n; i++) full.allocate(256 * 1024);
      }),
    );
  }
  for (const bytes of [500, 256 * 1024]) {
    const pool = BlockPool.create({ bytes: 256 * MiB });
    const times = await Promise.all(
      [1, 2].map(
        () =>
          new Promise((resolve, reject) => {
            new Worker(new URL(import.meta.url), { workerData: { handle: pool.handle, bytes } })
              .once("message", resolve)
              .once("error", reject);
          }),
      ),
    );
    show(`allocate + free, ${bytes} B, two threads at once`, Math.max(...times));
  }
  await blocks();
  await stateLog();
}

async function blocks() {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const frame = new Uint8Array(256 * 1024).fill(1);
    for (const [where, poolBytes] of [
      ["pool", 256 * MiB],
      ["spill file", 1],
    ]) {
      const pool = BlockPool.create({ bytes: poolBytes });
      const spill = new SpillDirectory(directory, pool.owner).newFile();
      const builder = new BlockBuilder(pool, spill);
      const write = micros(100, (n) => {
        builder.discard();
        for (let i = 0; i < n; i++) builder.append(frame);
      });
      const handle = builder.finish();
      let bytes = 0;
      const read = micros(1, () => {
        for (const piece of readHandle(handle, pool)) bytes += piece.length;
      });
      const pieces = where === "pool" ? 100 : bytes / 9 / frame.length;
      show(`append of a 256 KiB frame to the ${where}`, write);
      show(`reading it back from the ${where}`, read / pieces);
      spill.discard();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function stateLog() {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const partition = { operator: "totals", partition: 0, partitions: 2 };
    const content = new Uint8Array(2_000).fill(1);
    for (const sync of [false, true]) {
      const log = new StateLog({
        files: new LocalFileSystem(),
        directory: join(directory, String(sync)),
        hashVersion: 1,
        sync,
      });
      const times = [];
      const count = sync ? 100 : 2_000;
      for (let batch = 1; batch <= count; batch++) {
        const start = performance.now();
        await log.write(partition, { batch, previous: batch - 1, upserts: [content], removals: [] });
        times.push((performance.now() - start) * 1000);
      }
      show(`state delta of 2 kB written${sync ? " and synced" : ""}`, median(times));
      const start = performance.now();
      let read = 0;
      for await (const delta of log.read(partition, count)) read += delta.upserts.length;
      show(`state of ${count} deltas (${read} B) read, per delta`, ((performance.now() - start) * 1000) / count);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}
