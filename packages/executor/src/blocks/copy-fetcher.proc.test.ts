import { createServer } from "node:net";
import { executorId, streamId } from "@millrace/base";
import { type BlockLevel, type BlockLocation, blockId } from "@millrace/plan";
import { afterEach, expect, test } from "vitest";
import { cleanUp, clusterLab, type Lab, later, recordsAt } from "../job-executor.fixture.ts";

afterEach(cleanUp);

/** Sends one line to every client. */
async function lineSource(): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    later(() => socket.destroy());
    socket.write("kept\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A block that the executor receives and alone holds. */
async function receivedAt({ remote }: Lab, port: number, stream: number, level: BlockLevel): Promise<BlockLocation> {
  remote.send({
    type: "startReceiver",
    stream: streamId(stream),
    receiver: { kind: "socketText", host: "127.0.0.1", port },
    blockIntervalMs: 5,
    level,
    replicateTo: undefined,
    input: "input-0",
    run: { epoch: 0, run: 0, after: undefined, position: undefined },
  });
  const { blocks } = await remote.take("received", (message) => message.stream === stream);
  const [block] = blocks;
  if (block === undefined) throw new Error("a report without a block");
  return block;
}

test("copies of received blocks are fetched at levels of memory and of disk, from any holder; what none serves is reported", async () => {
  const [first, second, third] = await clusterLab(3);
  if (first === undefined || second === undefined || third === undefined) throw new Error("three were asked for");
  const port = await lineSource();
  const blocks = [
    await receivedAt(first, port, 0, { memory: true, disk: true, replication: 1 }),
    await receivedAt(first, port, 1, { memory: false, disk: true, replication: 1 }),
  ];
  const ids = blocks.map(({ id }) => id);
  const gone = { id: blockId("recv/0/e-2/7"), bytes: 5, at: [executorId("e-1"), executorId("e-9")] };
  second.remote.send({ type: "copyBlocks", blocks: [gone, ...blocks] });
  expect(await second.remote.take("blocksCopied")).toEqual({ type: "blocksCopied", copied: ids, failed: [gone.id] });
  expect(await recordsAt(second, ...blocks)).toEqual(["kept", "kept"]);

  await first.executor.stop();
  const at = [executorId("e-1"), executorId("e-2")];
  third.remote.send({ type: "copyBlocks", blocks: blocks.map(({ id, bytes }) => ({ id, bytes, at })) });
  expect(await third.remote.take("blocksCopied")).toEqual({ type: "blocksCopied", copied: ids, failed: [] });
  expect(await recordsAt(third, ...blocks)).toEqual(["kept", "kept"]);

  third.remote.send({ type: "dropBlocks", blocks: ids });
  third.remote.send({ type: "copyBlocks", blocks: [gone] });
  await third.remote.take("blocksCopied"); // the drops came first
  for (const id of ids) expect(await third.read(id)).toBeUndefined();
});
