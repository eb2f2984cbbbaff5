import { createServer, type Server, type Socket } from "node:net";

/** A text source for `socketTextStream`: accepts connections and sends them the lines of a test. */
export class LineServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: { readonly wanted: () => boolean; readonly resolve: () => void }[] = [];
  /** Connections that were ever made. */
  connections = 0;

  /** @param port 0: any free one. */
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
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined); // a receiver that was killed resets its connection
      this.#waiting = this.#waiting.filter(({ wanted, resolve }) => {
        if (!wanted()) return true;
        resolve();
        return false;
      });
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the line server does not listen");
    return address.port;
  }

  /** Resolves when this number of connections was ever made: the first one, or the one after a fault. */
  connected(count = 1): Promise<void> {
    return this.#when(() => this.connections >= count);
  }

  /** Resolves when somebody is connected. */
  occupied(): Promise<void> {
    return this.#when(() => this.#sockets.size > 0);
  }

  #when(wanted: () => boolean): Promise<void> {
    if (wanted()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
  }

  /** Sends raw bytes to all connected clients. */
  send(data: string | Uint8Array): void {
    if (this.#sockets.size === 0) throw new Error("nobody is connected: what is sent now would be lost unseen");
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

/** A port without a listener: it was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = await LineServer.listen();
  const { port } = server;
  await server.close();
  return port;
}
