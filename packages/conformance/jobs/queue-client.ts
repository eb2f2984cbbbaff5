// A client of a message queue at the port in the first argument: it acknowledges a message when store() says that it is safe,
// cancels in onStop, and leaves when the queue has answered that and all is acknowledged. At "restart" it starts anew.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { defineJob, Receiver } from "millrace";

class Consumer extends Receiver<string> {
  private socket: Socket | undefined;
  private readonly underWay = new Set<Promise<unknown>>();

  private readonly port: number;

  constructor(port: number) {
    super();
    this.port = port;
  }

  override onStart(): void {
    const socket = connect(this.port, "127.0.0.1");
    this.socket = socket;
    socket.on("error", (error) => this.restart("the queue is away", error));
    createInterface({ input: socket }).on("line", (line) => {
      if (line === "cancelled") socket.emit("cancelled");
      else if (line === "restart") this.restart("as asked", undefined, 1);
      else this.take(line, socket);
    });
  }

  override async onStop(): Promise<void> {
    const { socket } = this;
    if (socket === undefined) return;
    const cancelled = once(socket, "cancelled");
    socket.write("cancel\n");
    await cancelled;
    await Promise.all(this.underWay);
    socket.end();
  }

  private take(line: string, socket: Socket): void {
    const stored = this.store(line).then(
      () => socket.write(`ack ${line}\n`),
      (error: unknown) => socket.write(`lost ${line} ${String(error)}\n`),
    );
    this.underWay.add(stored);
    void stored.then(() => this.underWay.delete(stored));
  }
}

export default defineJob({ name: "queue-client", batchInterval: "100ms" }, (ssc, [port = "1"]) => {
  let total = 0;
  ssc.receiverStream(new Consumer(Number(port))).foreachRDD(async (rdd) => {
    total += await rdd.count();
    if (total > 0) console.log(`counted ${total}`);
  });
});
