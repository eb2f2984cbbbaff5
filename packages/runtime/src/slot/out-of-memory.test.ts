import { locationFrom } from "@millrace/files";
import { describe, expect, test } from "vitest";
import { inputBytes, outOfMemory } from "./out-of-memory.ts";

const MB = 1024 ** 2;
const known = {
  slot: 3,
  heapBytes: 512 * MB,
  moreHeap: (bytes: number) => `raise executor.slot.heap to ${bytes / MB}m`,
  stateKeys: 0,
  doing: " while it computed partition 1 of stage 2",
  inputBytes: 0,
  broadcastBytes: 0,
};

describe("the error of a heap that was too small", () => {
  test("names the keys of state that filled it, and how many would fit into twice as much", () => {
    const { code, message } = outOfMemory({ ...known, stateKeys: 8_388_608 });
    expect(code).toBe("SLOT_OUT_OF_MEMORY");
    expect(message).toContain("heap of 512m while it computed partition 1 of stage 2. It held 8388608 keys of state");
    expect(message).toContain("at up to 64 bytes of heap each");
    expect(message).toContain("raise executor.slot.heap to 1024m: that holds 16777216 keys a slot");
  });

  test("does not blame state of a few keys", () => {
    const { message } = outOfMemory({ ...known, stateKeys: 100, inputBytes: 3 * MB });
    expect(message).not.toContain("keys of state");
    expect(message).toContain(", of 3.0 MiB of input (encoded). Use more partitions");
    expect(message).toContain("or raise executor.slot.heap to 1024m.");
  });

  test("asks for as much heap as the data that was read may take", () => {
    const { message } = outOfMemory({ ...known, inputBytes: 200 * MB, broadcastBytes: 300 * MB });
    expect(message).toContain("of 200.0 MiB of input and 300.0 MiB of broadcast variables (encoded)");
    expect(message).toContain("raise executor.slot.heap to 2000m.");
  });
});

test("files count for nothing, since they are read piece by piece", () => {
  const file = { kind: "file", path: locationFrom("/a"), start: 0, end: 9, version: "1" } as const;
  expect(inputBytes([file, { kind: "inline", block: new Uint8Array(5) }, { kind: "partition", partition: 1 }])).toBe(5);
});
