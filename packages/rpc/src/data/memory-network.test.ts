import { blockId } from "@millrace/plan";
import { expect, test } from "vitest";
import { MemoryNetwork } from "./memory-network.ts";
import { GatheringSink } from "./ports.ts";

const ID = blockId("result/1");
const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

function served(parts: readonly Uint8Array[] | undefined) {
  const network = new MemoryNetwork();
  const taken = new GatheringSink();
  let released = 0;
  const server = network.serve({
    read: () =>
      parts === undefined
        ? undefined
        : {
            [Symbol.iterator]: () => parts[Symbol.iterator](),
            release: () => {
              released += 1;
            },
          },
    write: () => taken,
  });
  return { network, server, client: network.client(), taken, released: () => released };
}

test("a block is fetched in one piece, and released once", async () => {
  const { server, client, released } = served([bytes(1, 2), bytes(3)]);
  expect([...(await client.fetch(server.address, ID))]).toEqual([1, 2, 3]);
  expect(released()).toBe(1);
});

test("a block that a sink refuses fails the request, and is still released", async () => {
  const { server, client, released } = served([bytes(1)]);
  const refusing = new GatheringSink();
  refusing.chunk = () => {
    throw new Error("too large");
  };
  await expect(client.get(server.address, ID, refusing)).rejects.toThrow("too large");
  expect(released()).toBe(1);
});

test("a block that is not held, or a server that is gone, is reported as on a cluster", async () => {
  const { server, client } = served(undefined);
  const fetched = client.fetch(server.address, ID);
  await expect(fetched).rejects.toThrow("[BLOCK_NOT_HELD] 127.0.0.1:1 no longer holds block result/1");
  await server.close();
  await expect(client.fetch(server.address, ID)).rejects.toThrow("[PEER_UNREACHABLE]");
  await expect(client.put(server.address, ID, { bytes: 0, parts: [] })).rejects.toThrow("[PEER_UNREACHABLE]");
});

test("a copy is stored at a peer", async () => {
  const { server, client, taken } = served(undefined);
  await client.put(server.address, ID, { bytes: 3, parts: [bytes(1), bytes(2, 3)] });
  expect([...taken.take()]).toEqual([1, 2, 3]);
});
