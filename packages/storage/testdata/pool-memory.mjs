// Prints by how many bytes the process grows when a pool is made, when an eighth of it is written, and when that is
// freed and written again: `node pool-memory.mjs <MiB>`.
import { readFileSync } from "node:fs";
import { BlockPool } from "../dist/index.js";

const residentBytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
const MiB = 1024 ** 2;
const bytes = Number(process.argv[2]) * MiB;

residentBytes();
const before = residentBytes();
const pool = BlockPool.create({ bytes });
const made = residentBytes() - before;
const write = () => {
  const slices = [];
  for (let written = 0; written < bytes / 8; written += MiB) slices.push(pool.copyIn(filled));
  for (const slice of slices) pool.free(slice);
};
const filled = new Uint8Array(MiB).fill(1);
write();
const written = residentBytes() - before;
write();
const rewritten = residentBytes() - before;
console.log(JSON.stringify({ made, written, rewritten }));
