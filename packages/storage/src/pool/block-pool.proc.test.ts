import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { BlockPool, type PoolSlice } from "./block-pool.ts";
import { checkPool } from "./check-pool.ts";

const MiB = 1024 ** 2;
const testdata = (name: string): string => fileURLToPath(new URL(`../../testdata/${name}`, import.meta.url));

interface Report {
  readonly live: readonly PoolSlice[];
  readonly allocations: number;
  readonly refusals: number;
}

function thread(
  pool: BlockPool,
  seed: number,
  until: "steps" | "ended",
): { readonly worker: Worker; readonly owner: number } {
  const handle = pool.handle;
  const worker = new Worker(testdata("allocate.mjs"), { execArgv: [], workerData: { handle, seed, until, kept: 60 } });
  return { worker, owner: handle.owner };
}

async function report(worker: Worker): Promise<Report> {
  const [message] = await once(worker, "message");
  return message;
}

describe("several threads that allocate and free at once", () => {
  test.each([
    ["a pool with room for all", 64 * MiB],
    ["a pool that is nearly always full", 2 * MiB],
  ])("never share a byte and leave nothing behind, in %s", async (_, bytes) => {
    const pool = BlockPool.create({ bytes });
    const reports = await Promise.all([1, 2, 3, 4].map((seed) => report(thread(pool, seed, "steps").worker)));
    const live = reports.flatMap((each) => each.live);
    checkPool(live, [pool]);
    expect(reports.every((each) => each.allocations > 1_000)).toBe(true);
    expect(reports.some((each) => each.refusals > 0)).toBe(bytes < 10 * MiB);
    for (const slice of live) pool.free(slice);
    expect(pool.usedBytes).toBe(0);
  });

  test("leave nothing behind when they are terminated meanwhile", async () => {
    const pool = BlockPool.create({ bytes: 16 * MiB });
    const mine = [100, 100_000].map((size) => pool.allocate(size)).filter((slice) => slice !== undefined);
    for (let round = 0; round < 5; round++) {
      const threads = [1, 2, 3].map((seed) => thread(pool, round * 10 + seed, "ended"));
      await Promise.all(threads.map(({ worker }) => once(worker, "message")));
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
      for (const { owner } of threads) pool.reclaim(owner, mine);
      checkPool(mine, [pool]);
    }
  });
});

describe("the memory of a process with a pool", () => {
  test.each([256, 4096])(
    "does not grow when a pool of %i MiB is created, and then by no more than is written",
    (size) => {
      const run = spawnSync(process.execPath, [testdata("pool-memory.mjs"), String(size)], { encoding: "utf8" });
      expect(run.stderr).toBe("");
      const { made, written, rewritten } = JSON.parse(run.stdout);
      expect(made).toBeLessThan(8 * MiB);
      expect(written).toBeLessThan((size / 8 + 24) * MiB);
      expect(rewritten - written).toBeLessThan(8 * MiB);
    },
  );
});
