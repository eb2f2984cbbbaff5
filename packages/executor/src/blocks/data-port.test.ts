import { executorId } from "@millrace/base";
import { type BlockId, blockId } from "@millrace/plan";
import { type BlockSink, GatheringSink } from "@millrace/rpc";
import { describe, expect, test } from "vitest";
import { LocalData } from "./data-port.ts";

const HERE = blockId("here");
const GONE = blockId("gone");
const data = new LocalData((id: BlockId) => (id === HERE ? [Uint8Array.of(1, 2), Uint8Array.of(3)] : undefined));

function watched(chunk: BlockSink["chunk"] = () => {}): BlockSink & { readonly aborted: Error[] } {
  const aborted: Error[] = [];
  return { aborted, chunk, end: () => {}, abort: (error) => void aborted.push(error) };
}

describe("within one process", () => {
  test("the driver's blocks are copied in place", async () => {
    const sink = new GatheringSink();
    await data.get("driver", HERE, sink);
    expect([...sink.take()]).toEqual([1, 2, 3]);
  });

  test.each([
    ["a block that the driver does not have", "driver", GONE, "BLOCK_NOT_HELD"],
    ["a block of another executor", executorId("e-9"), HERE, "HOLDER_UNKNOWN"],
  ] as const)("%s is refused, and its sink learns it", async (_, holder, id, code) => {
    const sink = watched();
    await expect(data.get(holder, id, sink)).rejects.toMatchObject({ code });
    expect(sink.aborted).toEqual([expect.objectContaining({ code })]);
  });

  test("a block that does not fit its sink is dropped", async () => {
    const tooLong = new Error("too long");
    const sink = watched(() => {
      throw tooLong;
    });
    await expect(data.get("driver", HERE, sink)).rejects.toBe(tooLong);
    expect(sink.aborted).toEqual([tooLong]);
  });

  test("there is no peer to send copies to", async () => {
    expect(data.peers).toEqual([]);
    await expect(data.put(executorId("e-9"), HERE)).rejects.toThrow(/\[HOLDER_UNKNOWN\]/);
  });
});
