import { createServer, type Server, type Socket } from "node:net";

export interface ChatOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Messages per second, to every client. */
  readonly rate: number;
  /** The next message, `user: text`. */
  readonly next: () => string;
}

/** Bound on what is buffered for a client; one that reads too slowly misses messages beyond it. */
const WAITING_BYTES_MAX = 1024 * 1024;
/** How long a client may take to read the rest when the room closes. */
const GOODBYE_MS = 500;
/** How often messages are sent; several at a time if the rate is high. */
const TICK_MS_MIN = 10;

/** A chat room: every client gets all messages from its connection on, one per line. Input from clients is ignored. */
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

  /** Messages that slow clients missed. */
  get missed(): number {
    return this.#missed;
  }

  /** Closes every connection after what is in flight, and resolves when all are closed. */
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
      // After a pause of the process, send at most a second's worth: what was missed is not made up for.
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
