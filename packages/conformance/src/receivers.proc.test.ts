import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { deferred } from "@millrace/base";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** A message queue: numbers, ever more as they are acknowledged; after "cancel" a hundred more, then "cancelled". */
class Queue {
  readonly acknowledged = new Set<string>();
  readonly refused: string[] = [];
  sent = 0;
  /** Sent to a client that had cancelled. */
  sentLate = 0;
  connections = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly #server = createServer((socket) => this.#serve(socket));
  #client: Socket | undefined;

  async listen(): Promise<number> {
    const listening = deferred<void>();
    this.#server.listen(0, "127.0.0.1", listening.resolve);
    await listening.promise;
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the queue does not listen");
    return address.port;
  }

  close(): void {
    this.#server.close();
    this.#client?.destroy();
  }

  /** Resolves when this number of messages was acknowledged. */
  async hasAcknowledged(count: number): Promise<void> {
    if (this.acknowledged.size >= count) return;
    const reached = deferred<void>();
    this.#waiting.push({ count, resolve: reached.resolve });
    await reached.promise;
  }

  tellToRestart(): void {
    this.#client?.write("restart\n");
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#client = socket;
    socket.on("error", () => {}); // it is the client that ends
    this.#send(socket, 100);
    let cancelled = false;
    createInterface({ input: socket }).on("line", (line) => {
      const [word, message = ""] = line.split(" ");
      if (word === "cancel") {
        this.#send(socket, 100);
        this.sentLate += 100;
        cancelled = true;
        socket.write("cancelled\n");
      } else if (word === "lost") {
        this.refused.push(line);
      } else {
        this.acknowledged.add(message);
        if (!cancelled) this.#send(socket, 1);
        this.#waiting = this.#waiting.filter(({ count, resolve }) => {
          if (this.acknowledged.size < count) return true;
          resolve();
          return false;
        });
      }
    });
  }

  #send(socket: Socket, count: number): void {
    if (!socket.writable) return;
    for (let i = 0; i < count; i++) socket.write(`${this.sent++}\n`);
  }
}

describe.each(["local[2]", "local-cluster[2,1]"])("on %s", (master) => {
  test("every message that store() acknowledged is counted, also those of a restart and of the stop", async () => {
    const queue = new Queue();
    later(() => queue.close());
    const port = await queue.listen();
    const job = TestProcess.millrace(["run", jobFile("queue-client"), "--master", master, "--", String(port)]);
    later(() => job.end());
    await queue.hasAcknowledged(300);
    queue.tellToRestart();
    await queue.hasAcknowledged(queue.acknowledged.size + 300);
    job.signal("SIGINT");
    const { code, stdout, stderr } = await job.ended;
    expect(code).toBe(0);
    const counted = Number(stdout.trimEnd().split("\n").at(-1)?.replace("counted ", ""));
    expect({ connections: queue.connections, sentLate: queue.sentLate }).toEqual({ connections: 2, sentLate: 200 });
    expect(queue.refused).toEqual([]);
    expect(stderr).not.toContain("RECEIVER_CLOSED");
    expect(counted).toBe(queue.acknowledged.size);
  });
});
