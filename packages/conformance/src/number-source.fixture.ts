import { createServer, type Server, type ServerResponse } from "node:http";

/**
 * A source of the numbers 0, 1, … for connectors of each class, over HTTP:
 *
 * - `GET /end`: how many there are. `GET /range?from=A&until=B`: those of a range, as often as asked.
 * - `GET /stream?after=N`: those after N, and each new one. What was acknowledged is gone for good. `POST /ack?n=N`: up to N.
 * - `GET /live`: those that appear from now on.
 */
export class NumberSource {
  readonly #server: Server;
  readonly #streams = new Set<{ readonly response: ServerResponse; next: number }>();
  #waiting: { readonly fits: () => boolean; readonly resolve: () => void }[] = [];
  /** There are numbers up to, and without, this one. */
  end = 0;
  /** All up to this one are acknowledged. */
  acknowledged = -1;
  /** How many streams were ever opened. */
  connections = 0;

  static async listen(): Promise<NumberSource> {
    const server = createServer();
    const source = new NumberSource(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return source;
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", ({ url = "" }, response) => this.#answer(new URL(url, "http://source"), response));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the source does not listen");
    return address.port;
  }

  /** Makes more numbers. */
  make(count: number): void {
    this.end += count;
    for (const stream of this.#streams) this.#send(stream);
  }

  /** Makes some several times, each time when all of them are acknowledged. */
  async makeAcknowledged(count: number, times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      this.make(count);
      const { end } = this;
      await this.until(() => this.acknowledged === end - 1);
    }
  }

  get connected(): boolean {
    return this.#streams.size > 0;
  }

  /** Cuts all streams. */
  cut(): void {
    for (const { response } of this.#streams) response.destroy();
    this.#streams.clear();
  }

  /** Resolves when this is so. */
  until(fits: () => boolean): Promise<void> {
    if (fits()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ fits, resolve }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answer({ pathname, searchParams }: URL, response: ServerResponse): void {
    const number = (name: string): number => Number(searchParams.get(name));
    if (pathname === "/end") response.end(String(this.end));
    else if (pathname === "/range") response.end(lines(number("from"), number("until")));
    else if (pathname === "/stream") this.#open(response, Math.max(number("after"), this.acknowledged) + 1);
    else if (pathname === "/live") this.#open(response, this.end);
    else {
      this.acknowledged = Math.max(this.acknowledged, number("n"));
      response.end();
    }
    this.#look();
  }

  #open(response: ServerResponse, next: number): void {
    const stream = { response, next };
    this.connections += 1;
    this.#streams.add(stream);
    response.on("close", () => this.#streams.delete(stream));
    response.flushHeaders();
    this.#send(stream);
  }

  #send(stream: { readonly response: ServerResponse; next: number }): void {
    if (stream.next < this.end) stream.response.write(lines(stream.next, this.end));
    stream.next = this.end;
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ fits, resolve }) => {
      if (!fits()) return true;
      resolve();
      return false;
    });
  }
}

function lines(from: number, until: number): string {
  return Array.from({ length: Math.max(0, until - from) }, (_, i) => `${from + i}\n`).join("");
}
