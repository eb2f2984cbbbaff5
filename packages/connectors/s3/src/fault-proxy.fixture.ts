import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to a request: the store refuses it, does not answer, or its answer is lost in part or as a whole. */
export type Fault = "slow down" | "denied" | "silence" | "half the answer" | "no answer";

const REFUSALS = {
  "slow down": { status: 503, code: "SlowDown" },
  denied: { status: 403, code: "AccessDenied" },
} as const;

/** Stands before a store, and lets faults happen to the next requests of a method. */
export class FaultProxy {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #faults: { readonly method: string; readonly fault: Fault }[] = [];

  static async start(endpoint: string): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FaultProxy(server, endpoint);
  }

  private constructor(server: Server, endpoint: string) {
    this.#server = server;
    const { port } = server.address() as AddressInfo; // of TCP
    this.endpoint = `http://127.0.0.1:${port}`;
    server.on("request", (incoming, answer) => this.#pass(endpoint, incoming, answer));
  }

  /** The next requests of the method, one fault each. */
  next(method: string, ...faults: readonly Fault[]): void {
    this.#faults.push(...faults.map((fault) => ({ method, fault })));
  }

  /** Faults that have not happened yet. */
  get left(): number {
    return this.#faults.length;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #pass(endpoint: string, incoming: IncomingMessage, answer: ServerResponse): void {
    const at = this.#faults.findIndex(({ method }) => method === incoming.method);
    const fault = at === -1 ? undefined : this.#faults.splice(at, 1)[0]?.fault;
    incoming.on("error", () => {});
    if (fault === "silence") return void incoming.resume();
    if (fault === "slow down" || fault === "denied") {
      const { status, code } = REFUSALS[fault];
      incoming.resume();
      answer.writeHead(status, { "content-type": "application/xml" });
      return void answer.end(
        incoming.method === "HEAD" ? "" : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
      );
    }
    const { method, headers, url } = incoming;
    const outgoing = request(`${endpoint}${url}`, { method, headers }, (found) => {
      if (fault === undefined) {
        answer.writeHead(found.statusCode ?? 500, found.headers);
        return void found.pipe(answer);
      }
      const chunks: Buffer[] = [];
      found.on("data", (chunk: Buffer) => chunks.push(chunk));
      found.on("end", () => {
        if (fault === "half the answer") {
          const body = Buffer.concat(chunks);
          answer.writeHead(found.statusCode ?? 500, found.headers);
          answer.write(body.subarray(0, body.length / 2), () => answer.destroy());
        } else answer.destroy();
      });
    });
    outgoing.on("error", () => answer.destroy());
    incoming.pipe(outgoing);
  }
}
