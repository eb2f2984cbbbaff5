import { createServer, type Server, type Socket } from "node:net";

export interface ChatOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Messages a second, to every client alike. */
  readonly rate: number;
  /** The next message, `user: text`. */
  readonly next: () => string;
}

/** A client that reads too slowly misses messages beyond this; what waits for it stays bounded. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** How long a client may take to read what is left when the room closes. */
const GOODBYE_MS = 500;
/** How often messages are sent; at high rates many at once. */
const TICK_MS_MIN = 10;

/** A chat room: whoever connects hears every message from then on, one a line. What clients say is not read. */
export class ChatServer {
  readonly #options: ChatOptions;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #missed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#server = createServer((client) => this.#welcome(client));
  }

  /** @returns The port it listens on. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, this.#options.host, resolve);
    });
    this.#startTalking();
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : this.#options.port;
  }

  /** Messages that slow clients did not get. */
  get missed(): number {
    return this.#missed;
  }

  /** Ends every connection after what is under way, and resolves when all are gone. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const client of this.#clients) client.end();
    const patience = setTimeout(() => {
      for (const client of this.#clients) client.destroy();
    }, GOODBYE_MS);
    await closed;
    clearTimeout(patience);
  }

  #startTalking(): void {
    const everyMs = Math.max(TICK_MS_MIN, 1000 / this.#options.rate);
    const started = performance.now();
    let sent = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - started) / 1000) * this.#options.rate);
      // After a pause of the process a second's worth at most: what was missed is not made up.
      sent = Math.max(sent, due - Math.ceil(this.#options.rate));
      if (this.#clients.size > 0 && due > sent) this.#say(due - sent);
      sent = due;
    }, everyMs);
  }

  #say(count: number): void {
    let text = "";
    for (let n = 0; n < count; n++) text += `${this.#options.next()}\n`;
    for (const client of this.#clients) {
      if (client.writableLength > WAITING_BYTES_MAX) this.#missed += count;
      else client.write(text);
    }
  }

  #welcome(client: Socket): void {
    this.#clients.add(client);
    client.setNoDelay(true);
    client.resume(); // or its end would not be seen
    client.on("error", () => undefined); // followed by `close`
    client.on("close", () => this.#clients.delete(client));
  }
}
