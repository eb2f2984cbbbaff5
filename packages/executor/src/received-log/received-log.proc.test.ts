import { rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { streamId } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import { fnSlot, receivedBlockId, stageRunId } from "@millrace/plan";
import { LocalFileSystem } from "@millrace/storage";
import { listReceivedLog } from "@millrace/storage/received-log";
import { afterEach, expect, test } from "vitest";
import { cleanUp, type Lab, later, localLab, rows, template, temporary } from "../job-executor.fixture.ts";

afterEach(cleanUp);

const BUFFER = 4 << 20;
const upper = template("upper", {
  ops: [{ kind: "map", fn: fnSlot(0), label: "map at job.ts:1:1" }],
  sink: { kind: "collect" },
  functions: ["upper"],
});

/** An executor with a received log, whose socket receiver is connected to the test. */
async function receiving(prepare: (directory: string) => Promise<void> = async () => {}) {
  const directory = await temporary();
  await prepare(directory);
  const server = createServer();
  const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => server.close());
  const address = server.address();
  const lab = await localLab({
    code: `hooks.define("upper", () => (text) => text.toUpperCase());`,
    conf: { "receiver.log": "on", "receiver.buffer.bytes": String(BUFFER) },
    receivedLog: { directory: locationFrom(directory), epoch: 3 },
  });
  lab.remote.send({
    type: "startReceiver",
    stream: streamId(0),
    receiver: {
      kind: "socketText",
      host: "127.0.0.1",
      port: typeof address === "object" && address !== null ? address.port : 0,
    },
    blockIntervalMs: 5,
    level: { memory: true, disk: true, replication: 1 },
    replicateTo: undefined,
    input: "chat",
    run: { epoch: 3, run: 1, after: { epoch: 2, run: 0, block: 7 }, position: undefined },
  });
  const socket = await connected;
  later(() => socket.destroy());
  return { lab, directory, socket };
}

const log = (directory: string) =>
  listReceivedLog({ files: new LocalFileSystem(), directory: locationFrom(directory) });
const status = (lab: Lab, state: string) => lab.remote.take("receiver", (message) => message.status.state === state);

test("a block is announced with its place in the log, where a task finds it when nobody holds it", async () => {
  const { lab, directory, socket } = await receiving();
  socket.write("to be\nor not\n");
  const { blocks } = await lab.remote.take("received");
  const [block] = blocks;
  if (block?.logged === undefined) throw new Error("it is logged");
  expect(block).toMatchObject({ id: receivedBlockId(streamId(0), { epoch: 3, run: 1, block: 0 }), records: 2 });
  expect(await log(directory)).toMatchObject({
    runs: [{ input: "chat", epoch: 3, run: 1, after: { epoch: 2, run: 0, block: 7 } }],
    blocks: [{ input: "chat", bytes: block.bytes, records: 2, at: block.logged }],
  });
  lab.remote.send({ type: "dropBlocks", blocks: [block.id] });
  lab.remote.stage(1, upper);
  const { id, bytes, logged } = block;
  const inputs = [{ kind: "blocks", blocks: [{ id, bytes, at: [], logged }] }] as const;
  const outcome = await lab.remote.run({ run: stageRunId(1), inputs });
  if (outcome.kind !== "result" || outcome.result.kind !== "inline") throw new Error(JSON.stringify(outcome));
  expect(rows(outcome.result.block)).toEqual(["TO BE", "OR NOT"]);
  expect(await lab.read(id)).toBeUndefined(); // it was read from the log
  await rm(join(directory, "received"), { recursive: true });
  const failed = await lab.remote.run({ run: stageRunId(1), attempt: 1, inputs });
  expect(failed).toMatchObject({ kind: "failed", error: { kind: { code: "FILE_NOT_FOUND" } } });
});

test("while the log cannot be written nothing is announced, and what waits is bounded; then all of it comes, in order", async () => {
  const inTheWay = (directory: string): string => join(directory, "received"); // a file, where the folder should be
  const { lab, directory, socket } = await receiving((at) => writeFile(inTheWay(at), ""));
  const lines = 200_000; // 20 MB, several times the buffer
  socket.write(Array.from({ length: lines }, (_, i) => `${String(i).padStart(99, "0")}\n`).join(""));
  const { status: unlogged } = await status(lab, "unlogged");
  expect(unlogged).toMatchObject({ error: { kind: { code: "FILE_WRONG_KIND" } } });
  const since = lab.remote.messages.length;
  for (let beats = 0; beats < 2; beats++) {
    const { poolBytes } = await lab.remote.take("heartbeat");
    expect(poolBytes).toBeLessThan(2 * BUFFER);
  }
  expect(lab.remote.messages.slice(since).filter(({ type }) => type === "received")).toEqual([]);
  await rm(inTheWay(directory));
  await status(lab, "logged");
  let records = 0;
  while (records < lines) {
    const { blocks } = await lab.remote.take("received");
    for (const block of blocks) {
      const content = await lab.read(block.id);
      expect(content && rows(content)[0]).toBe(String(records).padStart(99, "0"));
      records += block.records;
    }
  }
  expect(records).toBe(lines);
});
