import { createServer, type Server, type Socket } from "node:net";
import { executorId, streamId } from "@millrace/base";
import type { ReceiverSpec } from "@millrace/plan";
import { type Lab, later, recordsAt } from "../job-executor.fixture.ts";

// Shared by the tests of receivers on an executor: a source, and what the driver says and hears of them.

export interface Source {
  readonly port: number;
  /** The next connection that a receiver makes. */
  connection(): Promise<Socket>;
  close(): Promise<void>;
}

export async function source(port = 0): Promise<Source> {
  const sockets: Socket[] = [];
  const open = new Set<Socket>();
  const waiting: ((socket: Socket) => void)[] = [];
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    open.add(socket);
    const next = waiting.shift();
    if (next === undefined) sockets.push(socket);
    else next(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address();
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  later(close);
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connection: () => {
      const socket = sockets.shift();
      return socket === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(socket);
    },
    close,
  };
}

export function start(lab: Lab, receiver: ReceiverSpec, replicateTo?: string, stream = 0): void {
  lab.remote.send({
    type: "startReceiver",
    stream: streamId(stream),
    receiver,
    blockIntervalMs: 5,
    level: { memory: true, disk: true, replication: 1 },
    replicateTo: replicateTo === undefined ? undefined : executorId(replicateTo),
    input: "input-0",
    run: { epoch: 0, run: 0, after: undefined, position: undefined },
  });
}

export const socketText = (port: number): ReceiverSpec => ({ kind: "socketText", host: "127.0.0.1", port });

/** Records of announced blocks, up to a count. */
export async function received(lab: Lab, count: number): Promise<unknown[]> {
  const records: unknown[] = [];
  while (records.length < count) {
    const { blocks } = await lab.remote.take("received");
    for (const record of await recordsAt(lab, ...blocks)) records.push(record);
  }
  return records;
}

export const status = (lab: Lab, state: string) =>
  lab.remote.take("receiver", (message) => message.status.state === state);
