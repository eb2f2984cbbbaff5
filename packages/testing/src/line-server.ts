import { createServer, type Server, type Socket } from "node:net";

/** A text source for `socketTextStream`: takes connections and sends them the lines a test gives it. */
export class LineServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting: (() => void)[] = [];

  static async listen(port = 0): Promise<LineServer> {
    const server = createServer();
    const lines = new LineServer(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    return lines;
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined); // a receiver that was killed resets its connection
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the line server does not listen");
    return address.port;
  }

  /** Resolves when somebody is connected. */
  async connected(): Promise<void> {
    if (this.#sockets.size > 0) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends bytes as they are to every connection. */
  send(data: string | Uint8Array): void {
    for (const socket of this.#sockets) socket.write(data);
  }

  /** Drops every connection; new ones are taken. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
