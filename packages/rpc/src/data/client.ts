import type { BlockId } from "@millrace/plan";
import { formatAddress } from "../bind.ts";
import { clientClosed, tooManyRequests } from "../errors.ts";
import type { DataAddress } from "../session.ts";
import type { TlsSettings } from "../tls.ts";
import { DialledConnection, type Request } from "./dialled-connection.ts";
import { type BlockClient, type BlockSink, GatheringSink } from "./ports.ts";

export interface DataClientOptions {
  readonly token: string | undefined;
  readonly tls?: TlsSettings;
  /** Requests sent to one peer before it has answered. Default 64. */
  readonly inFlightMax?: number;
  /** Further requests that may wait. Default 16384. */
  readonly waitingMax?: number;
  /** A peer that owes an answer and sends nothing for this long is given up. Default 10 000. */
  readonly silenceMs?: number;
}

/**
 * Fetches blocks from, and sends blocks to, other processes: one connection each, dialled on first use and again after
 * it was lost. Nothing is retried here: failures are reported, and the scheduler decides.
 */
export class DataClient implements BlockClient {
  readonly #options: DataClientOptions;
  readonly #peers = new Map<string, Peer>();
  #closed = false;

  constructor(options: DataClientOptions) {
    this.#options = options;
  }

  get(from: DataAddress, id: BlockId, sink: BlockSink): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#submit(from, { kind: "get", id, sink, resolve, reject });
    });
  }

  async fetch(from: DataAddress, id: BlockId): Promise<Uint8Array> {
    const sink = new GatheringSink();
    await this.get(from, id, sink);
    return sink.take();
  }

  put(
    to: DataAddress,
    id: BlockId,
    block: { readonly bytes: number; readonly parts: Iterable<Uint8Array> },
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#submit(to, { kind: "put", id, ...block, resolve: () => resolve(), reject });
    });
  }

  forget(peer: DataAddress): void {
    const key = formatAddress(peer);
    this.#peers.get(key)?.close();
    this.#peers.delete(key);
  }

  close(): void {
    this.#closed = true;
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }

  #submit(address: DataAddress, request: Request): void {
    if (this.#closed) {
      request.reject(clientClosed());
      return;
    }
    const key = formatAddress(address);
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      peer = new Peer(address, this.#options);
      this.#peers.set(key, peer);
    }
    peer.submit(request);
  }
}

const IN_FLIGHT_MAX = 64;
const WAITING_MAX = 16_384;
const SILENCE_MS = 10_000;

/** One peer: its connection, if there is one, and the requests that wait for room. */
class Peer {
  readonly #address: DataAddress;
  readonly #options: DataClientOptions;
  #waiting: Request[] = [];
  #connection: DialledConnection | undefined;

  constructor(address: DataAddress, options: DataClientOptions) {
    this.#address = address;
    this.#options = options;
  }

  submit(request: Request): void {
    const { waitingMax = WAITING_MAX } = this.#options;
    if (this.#waiting.length >= waitingMax) {
      const where = formatAddress(this.#address);
      request.reject(
        tooManyRequests(
          `${waitingMax} requests are already waiting for ${where}; block ${request.id} is not requested. It is retried.`,
        ),
      );
      return;
    }
    this.#waiting.push(request);
    this.#pump();
  }

  close(): void {
    this.#connection?.close();
    for (const request of this.#waiting.splice(0)) request.reject(clientClosed());
  }

  #pump(): void {
    const { inFlightMax = IN_FLIGHT_MAX } = this.#options;
    while (this.#waiting.length > 0) {
      const connection = this.#connected();
      if (connection.inFlight >= inFlightMax) return;
      const next = this.#waiting.shift();
      if (next !== undefined) connection.send(next);
    }
  }

  #connected(): DialledConnection {
    if (this.#connection !== undefined && !this.#connection.closed) return this.#connection;
    const { token, tls, silenceMs = SILENCE_MS } = this.#options;
    const connection = new DialledConnection(
      this.#address,
      { token, tls, silenceMs },
      {
        settled: () => this.#pump(),
        closed: (error) => {
          if (this.#connection === connection) this.#connection = undefined;
          // Requests waiting behind a peer that cannot be reached would fail the same way.
          for (const request of this.#waiting.splice(0)) request.reject(error);
        },
      },
    );
    this.#connection = connection;
    return connection;
  }
}
