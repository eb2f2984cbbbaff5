import { createServer as createHttp } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { epochMs, ManualClock, millis, SystemClock } from "@millrace/base";
import { afterEach, expect, test } from "vitest";
import type { DataAddress } from "../session.ts";
import { lookAt, notReached } from "./probe.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function listening(server: Server): Promise<DataAddress> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  return { host: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0 };
}

const raw = (onSocket: (socket: Socket) => void): Server =>
  createServer((socket) => {
    socket.on("error", () => undefined); // the prober goes as it likes
    onSocket(socket);
  });

test.each([
  ["an HTTP server", () => createHttp((_, response) => response.end("hello")), { kind: "http1" }],
  ["a server of HTTP/2", () => createHttp2() as Server, { kind: "http2" }],
  ["TLS", () => raw((socket) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46]))), { kind: "tls" }],
  ["a server that closes", () => raw((socket) => socket.end()), { kind: "closes" }],
  ["a server that breaks off", () => raw((socket) => socket.resetAndDestroy()), { kind: "closes" }],
  ["another protocol", () => raw((socket) => socket.write("SSH-2.0-x\r\n")), { kind: "other", text: "SSH-2.0-x" }],
])("%s is recognised", async (_, make, found) => {
  expect(await lookAt(await listening(make()), new SystemClock({ unref: true }))).toEqual(found);
});

test("a silent server is given two seconds", async () => {
  const clock = new ManualClock(epochMs(0));
  const address = await listening(raw((socket) => socket.once("data", () => clock.advance(millis(2_000)))));
  expect(await lookAt(address, clock)).toEqual({ kind: "silent" });
});

test("a process that dies while it is asked is nobody, not another server", async () => {
  const server = raw((socket) => {
    server.close();
    socket.resetAndDestroy();
  });
  expect(await lookAt(await listening(server), new SystemClock({ unref: true }))).toMatchObject({ kind: "nobody" });
});

test("an address without a server is distinguished from one with another server", async () => {
  const server = raw(() => undefined);
  const address = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  const clock = new SystemClock({ unref: true });
  const nobody = await lookAt(address, clock);
  expect(nobody).toMatchObject({ kind: "nobody", why: expect.stringContaining("ECONNREFUSED") });
  const options = { details: "", tls: false, advertised: false };
  expect(notReached(address, nobody, options).code).toBe("PEER_UNREACHABLE");
  expect(notReached(address, nobody, options).message).not.toContain("--advertise");
  expect(notReached(address, nobody, { ...options, advertised: true }).message).toContain("--advertise of the driver");
  expect(notReached(address, { kind: "closes" }, options).code).toBe("NOT_A_DRIVER");
  expect(notReached(address, { kind: "http2" }, options).code).toBe("PEER_UNREACHABLE");
  expect(notReached(address, { kind: "http2" }, { ...options, tls: true }).code).toBe("NOT_A_DRIVER");
});
