import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { Client, credentials } from "@grpc/grpc-js";
import { executorId, jobId } from "@millrace/base";
import { shuffleId, stageRunId } from "@millrace/plan";
import { afterEach, describe, expect, test } from "vitest";
import { formatAddress } from "../bind.ts";
import {
  type DriverSession,
  type ExecutorSession,
  type FromExecutor,
  PROTOCOL_VERSION,
  type Session,
  type ToExecutor,
} from "../session.ts";
import { callMetadata, type ListenOptions } from "./channel.ts";
import type { RpcServer } from "./server.ts";
import { dialDriver, listenSessions } from "./sessions.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const hello: FromExecutor = {
  type: "hello",
  protocol: PROTOCOL_VERSION,
  job: jobId("j-1"),
  executor: executorId("e-1"),
  slots: 2,
  data: { host: "127.0.0.1", port: 1 },
  pid: 1,
  zone: "UTC",
};

async function listen(options: Partial<ListenOptions> = {}) {
  const accepted = deferred<ExecutorSession>();
  const server = await listenSessions({
    host: "127.0.0.1",
    port: 0,
    token: "secret",
    onSession: (session) => accepted.resolve(session),
    ...options,
  });
  cleanups.push(() => server.close());
  return { server, accepted: accepted.promise };
}

function dial(server: RpcServer, token: string | undefined = "secret"): DriverSession {
  const session = dialDriver({ address: server.address, token });
  cleanups.push(() => session.close());
  return session;
}

function deferred<T>() {
  let resolve = (_value: T): void => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const end = (session: Pick<Session<never, never>, "onClose">): Promise<Error | undefined> =>
  new Promise((resolve) => session.onClose(resolve));

function take<In>(session: Pick<Session<never, In>, "onMessage">, count: number): Promise<In[]> {
  return new Promise((resolve) => {
    const got: In[] = [];
    session.onMessage((message) => {
      if (got.push(message) === count) resolve(got);
    });
  });
}

const dropping = (n: number): ToExecutor => ({ type: "dropShuffles", shuffles: [shuffleId(n)] });

describe("a session", () => {
  test("carries messages sent before it is accepted, both ways, in order", async () => {
    const { server, accepted } = await listen();
    const executor = dial(server);
    executor.send(hello);
    executor.send({ type: "ready" });
    const driver = await accepted;
    for (let i = 0; i < 3_000; i++) driver.send(dropping(i));
    expect((await take(driver, 2)).map((message) => message.type)).toEqual(["hello", "ready"]);
    expect(await take(executor, 3_000)).toEqual(Array.from({ length: 3_000 }, (_, i) => dropping(i)));
  });

  test("carries far more than one group at once, in groups within the limit", async () => {
    const { server, accepted } = await listen();
    const executor = dial(server);
    const driver = await accepted;
    const tasks = Array.from({ length: 300 }, (_, partition) => ({
      run: stageRunId(1),
      partition,
      attempt: 0,
      template: 0,
      inputs: [{ kind: "inline" as const, block: new Uint8Array(64 * 1024).fill(partition) }],
      slot: 0,
    }));
    driver.send({ type: "launch", tasks });
    const got: number[] = [];
    await new Promise<void>((resolve) => {
      executor.onMessage((message) => {
        if (message.type === "launch") got.push(...message.tasks.map((task) => task.partition));
        if (got.length === tasks.length) resolve();
      });
    });
    expect(got).toEqual(tasks.map((task) => task.partition));
  });

  test("refuses one message beyond the limit, and continues", async () => {
    const { server, accepted } = await listen();
    const executor = dial(server);
    const driver = await accepted;
    const captures = [new Uint8Array(17 << 20)];
    const stage = {
      type: "stage",
      run: stageRunId(1),
      batch: 0,
      templates: [],
      captures,
      broadcasts: [],
      writes: undefined,
    };
    expect(() => driver.send(stage as unknown as ToExecutor)).toThrow(/MESSAGE_TOO_LARGE.*broadcast/s); // only the size matters
    driver.send(dropping(1));
    expect(await take(executor, 1)).toEqual([dropping(1)]);
  });

  test.each(["driver", "executor"] as const)("closed by the %s ends cleanly at both ends", async (closer) => {
    const { server, accepted } = await listen();
    const executor = dial(server);
    const driver = await accepted;
    const ends = Promise.all([end(driver), end(executor)]);
    const said: Promise<unknown[]> = closer === "driver" ? take(executor, 1) : take(driver, 1);
    if (closer === "driver") driver.send(dropping(7));
    else executor.send({ type: "ready" });
    (closer === "driver" ? driver : executor).close();
    expect(await ends).toEqual([undefined, undefined]);
    expect(await said).toHaveLength(1);
  });
});

describe("a caller is refused with the reason", () => {
  test.each(["wrong", "", undefined])("token %j", async (token) => {
    const { server } = await listen();
    expect(await end(dialDriver({ address: server.address, token }))).toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("MILLRACE_TOKEN"),
    });
  });

  test("another protocol version: both are named", async () => {
    const { server } = await listen();
    const client = new Client(formatAddress(server.address), credentials.createInsecure());
    cleanups.push(() => client.close());
    const metadata = callMetadata("secret");
    metadata.set("millrace-protocol", "99");
    const call = client.makeBidiStreamRequest(
      "/millrace.session.v1.SessionService/Open",
      (b: Buffer) => b,
      (b) => b,
      metadata,
    );
    const status = await new Promise<{ details: string }>((resolve) => call.on("error", resolve));
    expect(status.details).toMatch(new RegExp(`PROTOCOL_MISMATCH.*version 99.*version ${PROTOCOL_VERSION}\\b`));
  });

  test("no server listens", async () => {
    const { server } = await listen();
    await server.close();
    expect(await end(dial(server))).toMatchObject({
      code: "PEER_UNREACHABLE",
      message: expect.stringMatching(
        /nothing answers at [\d.:]+: connect ECONNREFUSED [\d.:]+\. Check the address.*--advertise of the driver/,
      ),
      fields: { address: formatAddress(server.address) },
    });
  });

  test("another kind of server listens", async () => {
    const other = createServer((_request, response) => response.end("hello"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => other.close());
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const session = dialDriver({ address: { host: "127.0.0.1", port }, token: "secret", connectTimeoutMs: 500 });
    expect(await end(session)).toMatchObject({
      code: "NOT_A_DRIVER",
      message: expect.stringContaining("an HTTP server answers there"),
    });
  });
});

describe("a peer that breaks off", () => {
  test("an executor process that is killed is reported as lost", async () => {
    const { server, accepted } = await listen();
    const script = `
      const { Client, credentials, Metadata } = require("@grpc/grpc-js");
      const metadata = new Metadata();
      metadata.set("authorization", "Bearer secret");
      metadata.set("millrace-protocol", "${PROTOCOL_VERSION}");
      const client = new Client("${formatAddress(server.address)}", credentials.createInsecure());
      client.makeBidiStreamRequest("/millrace.session.v1.SessionService/Open", (b) => b, (b) => b, metadata).on("data", () => {});
    `;
    const child = spawn(process.execPath, ["-e", script], { cwd: new URL("../..", import.meta.url), stdio: "inherit" });
    cleanups.push(() => child.kill("SIGKILL"));
    const lost = end(await accepted);
    child.kill("SIGKILL");
    expect(await lost).toMatchObject({ code: "SESSION_LOST" });
  });

  test("a driver that vanishes is reported as lost", async () => {
    const { server, accepted } = await listen();
    const executor = dial(server);
    const driver = await accepted;
    const ends = Promise.all([end(driver), end(executor)]);
    await server.close();
    expect(await ends).toMatchObject([{ code: "SESSION_LOST" }, { code: "SESSION_LOST" }]);
  });

  test("bytes that are no message end only their session", async () => {
    const sessions: ExecutorSession[] = [];
    const server = await listenSessions({
      host: "127.0.0.1",
      port: 0,
      token: "secret",
      onSession: (session) => sessions.push(session),
    });
    cleanups.push(() => server.close());
    const good = dial(server);
    const client = new Client(formatAddress(server.address), credentials.createInsecure());
    cleanups.push(() => client.close());
    const call = client.makeBidiStreamRequest(
      "/millrace.session.v1.SessionService/Open",
      (b: Buffer) => b,
      (b) => b,
      callMetadata("secret"),
    );
    const failed = new Promise<Error>((resolve) => call.on("error", resolve));
    call.write(Buffer.from([0x0a, 0x02, 0x12, 0x7f]));
    expect((await failed).message).toMatch(/deserializ|MESSAGE_MALFORMED/i);
    good.send(hello);
    const all = await Promise.all(sessions.slice(0, 1).map((session) => take(session, 1)));
    expect(all.flat().map((message) => message.type)).toEqual(["hello"]);
  });
});

test("a second server on the same port is refused with the remedy", async () => {
  const { server } = await listen();
  await expect(listen({ port: server.address.port })).rejects.toMatchObject({
    code: "BIND_FAILED",
    message: expect.stringContaining("--port"),
  });
});
