import { parseConf } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { memoryLimit, moreHeap, outOfMemoryKills, requireLeastMemory, splitMemory } from "./memory.ts";

const MB = 2 ** 20;
const files = (content: Readonly<Record<string, string>>) => (path: string) => content[path];

describe("the memory limit", () => {
  test("is the machine's where there is no control group", () => {
    expect(memoryLimit(files({}), 8 * MB)).toBe(8 * MB);
  });
  test("is the smallest of a v2 group and those above it", () => {
    const read = files({
      "/proc/self/cgroup": "0::/kube/pod/app\n",
      "/sys/fs/cgroup/kube/pod/app/memory.max": "max\n",
      "/sys/fs/cgroup/kube/pod/memory.max": `${3 * MB}\n`,
      "/sys/fs/cgroup/kube/memory.max": `${5 * MB}\n`,
    });
    expect(memoryLimit(read, 8 * MB)).toBe(3 * MB);
  });
  test("is that of a container whose group is mounted as the root, v2 and v1", () => {
    expect(memoryLimit(files({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": `${MB}` }), 8 * MB)).toBe(
      MB,
    );
    const v1 = {
      "/proc/self/cgroup": "4:memory:/docker/x\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${2 * MB}`,
    };
    expect(memoryLimit(files(v1), 8 * MB)).toBe(2 * MB);
    expect(
      memoryLimit(files({ ...v1, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712" }), 8 * MB),
    ).toBe(8 * MB);
  });
});

test("kills for lack of memory are counted, v2 and v1", () => {
  const v2 = { "/proc/self/cgroup": "0::/a\n", "/sys/fs/cgroup/a/memory.events": "oom 3\noom_kill 2\n" };
  expect(outOfMemoryKills(files(v2))).toBe(2);
  const v1 = {
    "/proc/self/cgroup": "4:memory:/\n",
    "/sys/fs/cgroup/memory/memory.oom_control": "under_oom 0\noom_kill 5\n",
  };
  expect(outOfMemoryKills(files(v1))).toBe(5);
  expect(outOfMemoryKills(files({}))).toBe(0);
});

describe("the split of a process's memory", () => {
  const wanted = { slots: 2, poolBytes: 256 * MB, slotHeapBytes: 512 * MB };
  test("is as requested if that fits", () => {
    expect(splitMemory({ ...wanted, limitBytes: 2048 * MB })).toEqual({
      poolBytes: 256 * MB,
      slotHeapBytes: 512 * MB,
      reduced: false,
    });
  });
  test("shrinks evenly otherwise, and never exceeds the limit", () => {
    const { poolBytes, slotHeapBytes, reduced } = splitMemory({ ...wanted, limitBytes: 700 * MB });
    expect(reduced).toBe(true);
    expect(poolBytes + 2 * slotHeapBytes).toBeLessThanOrEqual((700 - 96 - 48) * MB);
    expect(poolBytes).toBeGreaterThan(16 * MB);
    expect(slotHeapBytes).toBeGreaterThan(32 * MB);
  });
  test("has a minimum, without which an executor does not start", () => {
    expect(() => requireLeastMemory(256 * MB, 2)).not.toThrow();
    expect(() => requireLeastMemory(256 * MB, 4)).toThrow(/MEMORY_TOO_SMALL.*at least 336\.0 MiB is required.*--slots/);
  });
  test("is refused below the minimum, with the remedy", () => {
    expect(() => splitMemory({ ...wanted, limitBytes: 150 * MB })).toThrow(/MEMORY_TOO_SMALL.*--memory/);
  });
});

describe("more heap for a slot", () => {
  const conf = parseConf({ "executor.slot.heap": "512m", "storage.pool.bytes": "256m" });
  const asked = { slots: 2, poolBytes: 256 * MB, slotHeapBytes: 512 * MB };
  test("comes from the setting if the executor has room for it", () => {
    expect(moreHeap({ slots: 2, slotHeapBytes: 512 * MB }, conf)(1000 * MB + 1)).toBe(
      "raise executor.slot.heap from 512m to 1001m",
    );
  });
  test("otherwise requires just as much memory for the executor", () => {
    const { slotHeapBytes } = splitMemory({ ...asked, limitBytes: 512 * MB });
    const remedy = moreHeap({ slots: 2, slotHeapBytes }, conf)(2 * slotHeapBytes);
    expect(remedy).toContain("or fewer slots: it has too little for executor.slot.heap = 512.0 MiB");
    const limitBytes = Number(/--memory (\d+)m/.exec(remedy)?.[1]) * MB;
    expect(splitMemory({ ...asked, limitBytes }).reduced).toBe(false);
    expect(splitMemory({ ...asked, limitBytes: limitBytes - MB }).reduced).toBe(true);
  });
});
