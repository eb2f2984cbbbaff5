import { join } from "node:path";
import { streamId } from "@millrace/base";
import { emptyClassTable, encodeBlock, encodeCaptures } from "@millrace/codec";
import type { ReceiverSpec } from "@millrace/plan";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, clusterLab, type Lab, localLab, recordsAt, temporary } from "../job-executor.fixture.ts";

import { received, socketText, source, start, status } from "./receivers.fixture.ts";

afterEach(cleanUp);

/** Jitter takes away up to half of each pause. */
function expectPauses(pauses: readonly number[], full: readonly number[]): void {
  expect(pauses).toHaveLength(full.length);
  const within = pauses.map((pause, i) => pause >= (full[i] ?? 0) / 2 && pause <= (full[i] ?? 0));
  expect(within, `the pauses ${pauses.join(", ")}`).not.toContain(false);
}

describe("a socket of lines", () => {
  test("is announced block by block, in order; invalid UTF-8 becomes U+FFFD", async () => {
    const lab = await localLab();
    const text = await source();
    start(lab, socketText(text.port));
    const socket = await text.connection();
    await status(lab, "running");
    socket.write(Buffer.from([0x61, 0x0d, 0x0a, 0xff, 0x62, 0x0a, 0x63]));
    expect(await received(lab, 2)).toEqual(["a", "\ufffdb"]);
    socket.write("d\n");
    expect(await received(lab, 1)).toEqual(["cd"]);
  });

  test("that is stopped hands over its records, and then reports the stop", async () => {
    const lab = await localLab();
    const text = await source();
    start(lab, socketText(text.port));
    const socket = await text.connection();
    socket.write("one\ntwo\n");
    expect(await received(lab, 2)).toEqual(["one", "two"]);
    lab.remote.send({ type: "stopReceiver", stream: streamId(0) });
    expect(await status(lab, "stopped")).toMatchObject({ status: { state: "stopped" } });
    lab.remote.send({ type: "stopReceiver", stream: streamId(0) });
    await status(lab, "stopped");
  });

  test("ends its last line by ending the connection, but a stop or a broken connection in mid-line makes no record", async () => {
    const lab = await localLab();
    const text = await source();
    start(lab, socketText(text.port));
    (await text.connection()).end("whole\nlast");
    expect(await received(lab, 2)).toEqual(["whole", "last"]);
    const broken = await text.connection();
    broken.write("before\nhal");
    expect(await received(lab, 1)).toEqual(["before"]);
    broken.resetAndDestroy();
    const stopped = await text.connection();
    stopped.write("after\nhal");
    expect(await received(lab, 1)).toEqual(["after"]);
    lab.remote.send({ type: "stopReceiver", stream: streamId(0) });
    await status(lab, "stopped");
    expect(lab.remote.messages.filter(({ type }) => type === "received")).toEqual([]);
  });

  test("of a line without end is refused, yields no record of its beginning, and is retried with back-off", async () => {
    const lab = await localLab({ conf: { "line.bytes.max": "1m" } });
    const text = await source();
    start(lab, socketText(text.port));
    const pauses: number[] = [];
    for (let i = 0; i < 2; i++) {
      (await text.connection()).write(Buffer.alloc((1 << 20) + 1, "z"));
      const { status: retrying } = await status(lab, "retrying");
      if (retrying.state !== "retrying") throw new Error(retrying.state);
      expect(retrying.error.kind?.code).toBe("LINE_TOO_LONG");
      pauses.push(retrying.retryMs);
    }
    expectPauses(pauses, [20, 40]);
    (await text.connection()).write("a line\n");
    expect(await received(lab, 1)).toEqual(["a line"]);
  });

  test("that is down is reported and retried with back-off, and is back when the source is", async () => {
    const lab = await localLab();
    const text = await source();
    start(lab, socketText(text.port));
    (await text.connection()).destroy();
    const closed = text.close();
    const pauses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { status: retrying } = await status(lab, "retrying");
      if (retrying.state !== "retrying") throw new Error(retrying.state);
      expect(retrying.error.kind?.code).toBe("SOURCE_DOWN");
      pauses.push(retrying.retryMs);
    }
    expectPauses(pauses, [20, 40, 50]);
    await closed;
    const back = await source(text.port);
    (await back.connection()).write("again\n");
    expect(await received(lab, 1)).toEqual(["again"]);
  });

  test("is held back while the engine is behind, and loses nothing", async () => {
    const lab = await localLab();
    const text = await source();
    start(lab, socketText(text.port));
    const socket = await text.connection();
    await status(lab, "running");
    lab.remote.send({ type: "receiverBacklog", stream: streamId(0), bytes: 2 ** 40 });
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i}`);
    socket.write(`${lines.join("\n")}\n`);
    lab.remote.send({ type: "receiverBacklog", stream: streamId(0), bytes: 0 });
    expect(await received(lab, lines.length)).toEqual(lines);
  });
});

describe("a raw socket's", () => {
  const framed = (block: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.byteLength);
    return Buffer.concat([length, block]);
  };

  test("blocks are stored unchanged, however they are split on the way", async () => {
    const lab = await localLab();
    const raw = await source();
    start(lab, { kind: "rawSocket", host: "127.0.0.1", port: raw.port });
    const socket = await raw.connection();
    const sent = Buffer.concat([
      framed(encodeBlock([["a", 1], { b: new Map([[2, 3n]]) }], emptyClassTable)),
      framed(new Uint8Array(0)),
      framed(encodeBlock(["c"], emptyClassTable)),
    ]);
    for (const [from, to] of [
      [0, 2],
      [2, 9],
      [9, sent.length - 1],
      [sent.length - 1, sent.length],
    ]) {
      await new Promise<void>((resolve) => socket.write(sent.subarray(from, to), () => resolve()));
    }
    expect(await received(lab, 3)).toEqual([["a", 1], { b: new Map([[2, 3n]]) }, "c"]);
  });

  test.each([
    ["that are none", framed(Buffer.from("not a block at all, but some text")), "BLOCK_CORRUPT"],
    ["that are too large", Buffer.from([255, 255, 255, 255]), "RECEIVER_FAILED"],
  ])("blocks %s end the connection, which is redialled", async (_, bytes, code) => {
    const lab = await localLab();
    const raw = await source();
    start(lab, { kind: "rawSocket", host: "127.0.0.1", port: raw.port });
    (await raw.connection()).write(bytes);
    expect(await status(lab, "retrying")).toMatchObject({ status: { error: { kind: { code } } } });
    (await raw.connection()).write(framed(encodeBlock(["good"], emptyClassTable)));
    expect(await received(lab, 1)).toEqual(["good"]);
  });
});

const CODE = `
  const { existsSync, writeFileSync } = process.getBuiltinModule("node:fs");
  hooks.define("upper", () => async function* (stream) {
    for await (const chunk of stream) for (const byte of chunk) yield { code: byte };
  });
  hooks.define("numbers", (upTo) => async function* () {
    for (let n = 1; n <= upTo; n++) yield n;
  });
  const { Receiver } = globalThis[Symbol.for("millrace.module")];
  class Counter extends Receiver {
    onStart() { void this.run(); }
    async run() {
      await this.store([this.from, this.from + 1]);
      await this.store(this.from + 2);
      if (this.from === 0) { this.from = 10; this.restart("once more", undefined, 1); }
      else this.stop("done");
    }
    onStop() {}
  }
  hooks.defineClass("Counter", Counter);
  class Odd extends Receiver {
    onStart() { void this.run(); }
    async run() {
      if (existsSync(this.marker)) return this.store("better");
      await this.store("before");
      writeFileSync(this.marker, "");
      if (this.does === "spins") for (;;);
      if (this.does === "throws") throw new RangeError("nobody catches this");
      const all = [];
      for (;;) all.push(new Array(1000).fill(all.length));
    }
    onStop() {}
  }
  hooks.defineClass("Odd", Odd);
  class Slow extends Receiver {
    onStart() { this.store("first"); }
    async onStop() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await this.store("last");
    }
  }
  hooks.defineClass("Slow", Slow);
`;

/** An instance of a class that `CODE` defines. */
function custom(name: string, fields: Readonly<Record<string, unknown>> = {}): ReceiverSpec {
  class Shipped {}
  const classes = {
    idOf: (type: unknown) => (type === Shipped ? name : undefined),
    constructorOf: () => undefined,
  };
  const receiver = encodeCaptures([[Object.assign(new Shipped(), fields)]], { classes, reference: () => undefined });
  return { kind: "custom", receiver };
}

describe("code of the job", () => {
  test("decodes a socket's bytes into records", async () => {
    const lab = await localLab({ code: CODE });
    const bytes = await source();
    const decode = (): void => {};
    const decoder = encodeCaptures([[decode]], {
      classes: emptyClassTable,
      reference: (value) => (value === decode ? { tag: "fn", id: "upper", captures: [] } : undefined),
    });
    start(lab, { kind: "socket", host: "127.0.0.1", port: bytes.port, decoder });
    (await bytes.connection()).write(Buffer.from([1, 2, 3]));
    expect(await received(lab, 3)).toEqual([{ code: 1 }, { code: 2 }, { code: 3 }]);
  });

  test("returns an iterable, whose records and end are reported", async () => {
    const lab = await localLab({ code: CODE });
    const numbers = (): void => {};
    const code = encodeCaptures([[numbers]], {
      classes: emptyClassTable,
      reference: (value) => (value === numbers ? { tag: "fn", id: "numbers", captures: [3] } : undefined),
    });
    start(lab, { kind: "iterable", source: code });
    expect(await received(lab, 3)).toEqual([1, 2, 3]);
    expect(await status(lab, "stopped")).toMatchObject({ status: { state: "stopped" } });
  });

  test("is a receiver: it stores, restarts and stops", async () => {
    const lab = await localLab({ code: CODE });
    start(lab, custom("Counter", { from: 0 }));
    expect(await received(lab, 6)).toEqual([0, 1, 2, 10, 11, 12]);
    expect(await status(lab, "retrying")).toMatchObject({
      status: { retryMs: 1, error: { kind: { code: "RECEIVER_FAILED" } } },
    });
    expect(await status(lab, "stopped")).toMatchObject({ status: { state: "stopped" } });
  });
});

test("records stored in onStop are announced before the stop, and their promise waits for the driver", async () => {
  const lab = await localLab({ code: CODE });
  start(lab, custom("Slow"));
  expect(await received(lab, 1)).toEqual(["first"]);
  lab.remote.takesBlocks = false;
  lab.remote.send({ type: "stopReceiver", stream: streamId(0) });
  const { blocks } = await lab.remote.take("received");
  expect(await recordsAt(lab, ...blocks)).toEqual(["last"]);
  expect(lab.remote.messages.filter(({ type }) => type === "receiver")).toEqual([
    expect.objectContaining({ status: { state: "running" } }),
  ]);
  lab.remote.send({ type: "blocksTaken", stream: streamId(0), blocks: blocks.map(({ id }) => id) });
  await status(lab, "stopped");
});

describe("a receiver with code of the job is alone on its thread", () => {
  const of = (stream: number, state: string) => (lab: Lab) =>
    lab.remote.take("receiver", (message) => message.stream === stream && message.status.state === state);

  async function besideANeighbour(does: string) {
    const lab = await localLab({ code: CODE, conf: { "receiver.heap": "32m" } });
    const marker = join(await temporary(), "done");
    const text = await source();
    start(lab, socketText(text.port), undefined, 1);
    const socket = await text.connection();
    start(lab, custom("Odd", { does, marker }));
    const { blocks } = await lab.remote.take("received", ({ stream }) => stream === 0);
    expect(await recordsAt(lab, ...blocks)).toEqual(["before"]);
    const neighbourReceives = async (line: string): Promise<void> => {
      socket.write(`${line}\n`);
      const { blocks } = await lab.remote.take("received", ({ stream }) => stream === 1);
      expect(await recordsAt(lab, ...blocks)).toEqual([line]);
    };
    return { lab, neighbourReceives };
  }

  test.each([
    ["throws", /its thread ended: nobody catches this\. Records/],
    ["grows", /more memory than receiver\.heap = 32\.0 MiB gives it\. Records/],
  ])("so that one that %s is restarted alone, and its neighbour is not affected", async (does, why) => {
    const { lab, neighbourReceives } = await besideANeighbour(does);
    const retrying = await of(0, "retrying")(lab);
    expect(retrying.status).toMatchObject({
      retryMs: expect.toSatisfy((ms: number) => ms >= 10 && ms <= 20), // half of a pause is jitter
      error: { kind: { code: "RECEIVER_THREAD_ENDED" }, message: expect.stringMatching(why) },
    });
    await neighbourReceives("unmoved");
    const { blocks } = await lab.remote.take("received", ({ stream }) => stream === 0);
    expect(await recordsAt(lab, ...blocks)).toEqual(["better"]);
    expect(lab.remote.messages.filter((message) => message.type === "receiver" && message.stream === 1)).toEqual([
      { type: "receiver", stream: streamId(1), status: { state: "running" } },
    ]);
  });

  test("so that one that spins does not affect the others, is reported, and does not keep the job from stopping", async () => {
    const { lab, neighbourReceives } = await besideANeighbour("spins");
    await neighbourReceives("at once");
    expect(await of(0, "stuck")(lab)).toMatchObject({ status: { error: { kind: { code: "RECEIVER_STUCK" } } } });
    await neighbourReceives("still");
    lab.remote.send({ type: "stopReceiver", stream: streamId(0) });
    lab.remote.send({ type: "stopReceiver", stream: streamId(1) });
    expect(await of(0, "stopped")(lab)).toMatchObject({
      status: {
        error: {
          kind: { code: "RECEIVER_THREAD_ENDED" },
          message: expect.stringContaining("was asked to stop and its event loop"),
        },
      },
    });
    expect(await of(1, "stopped")(lab)).toEqual({ type: "receiver", stream: 1, status: { state: "stopped" } });
  });
});

test("a second copy is at the peer before the block is announced", async () => {
  const [first, second] = await clusterLab(2);
  if (first === undefined || second === undefined) throw new Error("two executors were asked for");
  const text = await source();
  start(first, socketText(text.port), "e-2");
  (await text.connection()).write("kept twice\n");
  const { blocks } = await first.remote.take("received");
  expect(blocks.map((block) => block.at)).toEqual([["e-1", "e-2"]]);
  for (const block of blocks) expect(await recordsAt(second, block)).toEqual(["kept twice"]);
});
