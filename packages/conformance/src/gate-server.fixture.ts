import { createServer, type Server, type Socket } from "node:net";

/** A task of a job under test that stands at a gate, and waits there; see `jobs/gate.ts`. */
export interface Arrival {
  /** Which gate. */
  readonly at: string;
  /** The job's executor process. */
  readonly pid: number;
  /** Its supervisor: the executor. */
  readonly ppid: number;
  readonly partition: number;
  readonly attempt: number;
  /** Records of its partition. */
  readonly records: number;
  /** Lets it through. */
  pass(): void;
}

interface Hold {
  readonly wanted: (arrival: Arrival) => boolean;
  readonly resolve: (arrival: Arrival) => void;
}

/** Where tasks of a job under test report, so that a fault strikes exactly when they are where it shall hit them. */
export class GateServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #holds: Hold[] = [];
  /** All arrivals, in order. */
  readonly seen: Arrival[] = [];

  static async listen(): Promise<GateServer> {
    const server = createServer();
    const gates = new GateServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return gates;
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined); // a task that was killed at the gate
      let text = "";
      socket.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        if (text.endsWith("\n")) this.#arrived(socket, text);
      });
    });
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the gates are closed");
    return address.port;
  }

  /** Resolves with the next arrival that matches `wanted`, and holds it; all others pass. */
  hold(wanted: (arrival: Arrival) => boolean): Promise<Arrival> {
    return new Promise((resolve) => this.#holds.push({ wanted, resolve }));
  }

  /** Lets all through, those who wait and those who come: a job that is told to end can drain. */
  open(): void {
    this.#holds = [];
    for (const socket of this.#sockets) socket.write("pass\n");
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #arrived(socket: Socket, text: string): void {
    const report = JSON.parse(text) as Omit<Arrival, "pass">; // what `jobs/gate.ts` writes
    const arrival = { ...report, pass: () => void socket.write("pass\n") };
    this.seen.push(arrival);
    const hold = this.#holds.find(({ wanted }) => wanted(arrival));
    if (hold === undefined) return arrival.pass();
    this.#holds = this.#holds.filter((one) => one !== hold);
    hold.resolve(arrival);
  }
}
