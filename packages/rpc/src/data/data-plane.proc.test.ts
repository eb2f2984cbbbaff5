import { connect, createServer, type Socket } from "node:net";
import { blockId } from "@millrace/plan";
import { afterEach, describe, expect, test } from "vitest";
import { type DataAddress, PROTOCOL_VERSION } from "../session.ts";
import { DataClient } from "./client.ts";
import { FRAME, FRAME_BYTES_MAX, frame, frameHeader } from "./frame.ts";
import { helloPayload } from "./handshake.ts";
import { type BlockService, GatheringSink, type ReadableBlock } from "./ports.ts";
import { DataServer } from "./server.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const shared = new Uint8Array(new SharedArrayBuffer(3 << 20)).map((_, i) => i % 251);

async function serve(blocks: Partial<BlockService> = {}, token: string | undefined = "secret") {
  const errors: Error[] = [];
  let heard = () => {};
  const heardError = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const server = await DataServer.listen({
    host: "127.0.0.1",
    port: 0,
    token,
    blocks: {
      read: blocks.read ?? ((id) => (id === "big" ? [shared.subarray(0, 10), shared] : undefined)),
      write: blocks.write ?? (() => new GatheringSink()),
    },
    onConnectionError: (_peer, error) => {
      errors.push(error);
      heard();
    },
  });
  cleanups.push(() => server.close());
  return { server, errors, heardError };
}

function clientOf(options: { readonly token?: string; readonly silenceMs?: number } = {}): DataClient {
  const client = new DataClient({ token: "secret", ...options });
  cleanups.push(() => client.close());
  return client;
}

function raw(address: DataAddress): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(address.port, address.host, () => resolve(socket));
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
  });
}

const closed = (socket: Socket) => new Promise((resolve) => socket.resume().once("close", resolve));

describe("a block", () => {
  test("is fetched whole from shared memory, along with many others on one connection", async () => {
    const { server } = await serve();
    const client = clientOf();
    const fetched = await Promise.all(Array.from({ length: 100 }, () => client.fetch(server.address, blockId("big"))));
    const expected = Buffer.concat([shared.subarray(0, 10), shared]);
    for (const block of fetched) expect(Buffer.compare(block, expected)).toBe(0);
  });

  test("stays held until its last byte is out, and is then released once", async () => {
    let released = 0;
    const block: ReadableBlock = Object.assign([shared], {
      release: () => {
        released += 1;
      },
    });
    const { server } = await serve({ read: () => block });
    await clientOf().fetch(server.address, blockId("x"));
    expect(released).toBe(1);
  });

  test("that is not held is an error that makes the parent stage run again; the connection continues", async () => {
    const { server } = await serve();
    const client = clientOf();
    await expect(client.fetch(server.address, blockId("gone"))).rejects.toMatchObject({
      code: "BLOCK_NOT_HELD",
      retry: "parent-stage",
    });
    expect((await client.fetch(server.address, blockId("big"))).byteLength).toBe(shared.byteLength + 10);
  });

  test("whose sink throws is discarded; the next one arrives whole", async () => {
    const { server } = await serve();
    const client = clientOf();
    const full = {
      chunk: () => {
        throw new Error("pool is full");
      },
      end: () => {},
      abort: () => {},
    };
    await expect(client.get(server.address, blockId("big"), full)).rejects.toThrow("pool is full");
    expect((await client.fetch(server.address, blockId("big"))).byteLength).toBe(shared.byteLength + 10);
  });

  test("is replicated, empty or large; an error thrown at the other end is returned", async () => {
    const stored = new Map<string, GatheringSink>();
    const { server } = await serve({
      write: (id) => {
        if (id === "refused") throw new RangeError("no room");
        const sink = new GatheringSink();
        stored.set(id, sink);
        return sink;
      },
    });
    const client = clientOf();
    const [, , refused] = await Promise.allSettled([
      client.put(server.address, blockId("a"), { bytes: shared.byteLength, parts: [shared] }),
      client.put(server.address, blockId("empty"), { bytes: 0, parts: [] }),
      client.put(server.address, blockId("refused"), { bytes: 3, parts: [shared.subarray(0, 3)] }),
    ]);
    expect(Buffer.compare(stored.get("a")?.take() ?? Buffer.alloc(0), shared)).toBe(0);
    expect(stored.get("empty")?.bytes).toBe(0);
    expect(refused).toMatchObject({ status: "rejected", reason: { name: "RangeError", message: "no room" } });
  });
});

describe("a caller is refused", () => {
  test("with a wrong token or none", async () => {
    const { server } = await serve();
    const refused = { code: "UNAUTHENTICATED", message: expect.stringContaining("MILLRACE_TOKEN") };
    await expect(clientOf({ token: "wrong" }).fetch(server.address, blockId("big"))).rejects.toMatchObject(refused);
    await expect(clientOf({ token: "" }).fetch(server.address, blockId("big"))).rejects.toMatchObject(refused);
  });

  test("with another protocol version, naming both", async () => {
    const { server, errors, heardError } = await serve();
    const socket = await raw(server.address);
    socket.write(frame(FRAME.hello, 0, helloPayload("secret", 99)));
    await Promise.all([closed(socket), heardError]);
    expect(errors[0]).toMatchObject({ code: "PROTOCOL_MISMATCH", fields: { theirs: "99", ours: PROTOCOL_VERSION } });
  });

  test("when no server listens", async () => {
    const { server } = await serve();
    await server.close();
    await expect(clientOf().fetch(server.address, blockId("big"))).rejects.toMatchObject({
      code: "PEER_UNREACHABLE",
      message: expect.stringMatching(/ECONNREFUSED.*the host it advertises \(--advertise, or else its --host\)/),
    });
  });
});

describe("only the connection that broke the protocol ends", () => {
  test.each([
    ["a frame past the bound", () => frameHeader(FRAME.data, 1, FRAME_BYTES_MAX), "FRAME_TOO_LARGE"],
    ["something other than this protocol", () => Buffer.from("GET / HTTP/1.1\r\n\r\n"), "FRAME_TOO_LARGE"],
    ["data that was not announced", () => frame(FRAME.data, 5, Buffer.from("x")), "FRAME_MALFORMED"],
  ] as const)("%s", async (_what, bytes, code) => {
    const { server, errors, heardError } = await serve();
    const client = clientOf();
    await client.fetch(server.address, blockId("big"));
    const socket = await raw(server.address);
    socket.write(frame(FRAME.hello, 0, helloPayload("secret")));
    socket.write(bytes());
    await Promise.all([closed(socket), heardError]);
    expect(errors[0]).toMatchObject({ code });
    expect((await client.fetch(server.address, blockId("big"))).byteLength).toBeGreaterThan(0);
  });

  test("a frame that is cut short, with the block it belonged to dropped", async () => {
    let aborted: Error | undefined;
    const { server, errors, heardError } = await serve({
      write: () => ({
        chunk() {},
        end() {},
        abort: (error) => {
          aborted = error;
        },
      }),
    });
    const socket = await raw(server.address);
    socket.write(frame(FRAME.hello, 0, helloPayload("secret")));
    const announced = Buffer.alloc(8);
    announced.writeBigUInt64LE(100n, 0);
    socket.write(frame(FRAME.put, 1, Buffer.concat([announced, Buffer.from("b")])));
    socket.end(frameHeader(FRAME.data, 1, 100));
    await heardError;
    expect(errors[0]).toMatchObject({ code: "FRAME_CUT_SHORT" });
    expect(aborted).toMatchObject({ code: "FRAME_CUT_SHORT" });
  });
});

describe("a holder that fails in the middle", () => {
  async function fakeHolder(onSocket: (socket: Socket) => void): Promise<DataAddress> {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => server.close());
    const address = server.address();
    return { host: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0 };
  }

  test("by dying: its transfers fail, their sinks learn it, and the next request redials", async () => {
    const half = Buffer.concat([
      frame(FRAME.welcome, 0, helloPayload(undefined)),
      frame(FRAME.found, 1),
      frameHeader(FRAME.data, 1, 1_000),
      Buffer.alloc(10),
    ]);
    const address = await fakeHolder((socket) => socket.once("data", () => socket.end(half)));
    const client = clientOf();
    let aborted = 0;
    const sink = {
      chunk() {},
      end() {},
      abort: () => {
        aborted += 1;
      },
    };
    await expect(client.get(address, blockId("b"), sink)).rejects.toMatchObject({ code: "FRAME_CUT_SHORT" });
    await expect(client.get(address, blockId("b"), sink)).rejects.toMatchObject({ code: "FRAME_CUT_SHORT" });
    expect(aborted).toBe(2);
  });

  test("by falling silent: its connection is closed after a while", async () => {
    const address = await fakeHolder((socket) => socket.resume());
    await expect(clientOf({ silenceMs: 50 }).fetch(address, blockId("b"))).rejects.toMatchObject({
      code: "PEER_UNREACHABLE",
      message: expect.stringContaining("50 ms"),
    });
  });

  test("by being no Millrace process", async () => {
    const address = await fakeHolder((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expect(clientOf().fetch(address, blockId("b"))).rejects.toMatchObject({
      code: expect.stringMatching(/FRAME_(TOO_LARGE|MALFORMED)/),
    });
  });
});
