import type { ExecutorId } from "@millrace/base";
import type { BlockId, Holder } from "@millrace/plan";
import {
  type BlockClient,
  type BlockNetwork,
  type BlockServer,
  type BlockService,
  type BlockSink,
  blockNotHeld,
  type DataAddress,
  DataClient,
  DataServer,
  type TlsSettings,
} from "@millrace/rpc";
import { holderUnknown } from "../errors.ts";

/** The data plane of a job executor: fetches blocks from other holders, and serves its own. */
export type DataPlane =
  /** Framed TCP, as between machines. `host` is where to listen; `advertise` is what peers dial, by default `host`. */
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly advertise?: string;
      /** The host on which the session with the driver was dialled. */
      readonly driverHost: string;
      readonly token: string | undefined;
      readonly insecure?: boolean;
      readonly tls?: TlsSettings;
    }
  /** Everything in one process: blocks are read where they are. */
  | { readonly kind: "memory"; readonly network: BlockNetwork };

export type ReadDriverBlock = (id: BlockId) => Iterable<Uint8Array> | undefined;

/** A block to send: its bytes, in order. */
interface OutgoingBlock {
  readonly bytes: number;
  readonly parts: Iterable<Uint8Array>;
}

/** The blocks of other holders: the job driver, and its other executors. */
export interface DataPort {
  /** The address at which peers fetch the blocks of this executor. */
  readonly address: DataAddress;
  /** The other reachable executors of the job. */
  readonly peers: readonly ExecutorId[];
  /**
   * Fetches a block into `sink`, to which a failure is reported.
   *
   * @throws HOLDER_UNKNOWN The holder is no longer an executor of the job.
   * @throws BLOCK_NOT_HELD The holder does not have it.
   */
  get(holder: Holder, id: BlockId, sink: BlockSink): Promise<void>;
  /**
   * Stores a copy of a block at a peer. `block` must not change until it settles.
   *
   * @throws HOLDER_UNKNOWN
   */
  put(peer: ExecutorId, id: BlockId, block: OutgoingBlock): Promise<void>;
  /** The address at which the driver serves its blocks. An empty host: the one on which the session was dialled. */
  setDriver(address: DataAddress): void;
  /** All executors of the job, this one included, and where they serve. */
  setPeers(executors: ReadonlyMap<ExecutorId, DataAddress>): void;
  close(): Promise<void>;
}

export interface DataPortOptions {
  readonly self: ExecutorId;
  /** The blocks of this executor, for peers. */
  readonly blocks: BlockService;
  readonly onConnectionError: (peer: string, error: Error) => void;
}

/** @throws BIND_FAILED, INSECURE_BIND, BAD_TLS */
export async function openData(data: DataPlane, options: DataPortOptions): Promise<DataPort> {
  const { self } = options;
  if (data.kind === "memory") {
    const server = data.network.serve(options.blocks);
    return new NetworkData(server, data.network.client(), { self, host: server.address.host, driverHost: "" });
  }
  const security = { token: data.token, ...(data.tls === undefined ? {} : { tls: data.tls }) };
  const server = await DataServer.listen({
    host: data.host,
    port: 0,
    ...security,
    ...(data.insecure === undefined ? {} : { insecure: data.insecure }),
    blocks: options.blocks,
    onConnectionError: options.onConnectionError,
  });
  return new NetworkData(server, new DataClient(security), {
    self,
    host: data.advertise ?? data.host,
    driverHost: data.driverHost,
  });
}

/** Over a network: framed TCP, or that of one process. */
class NetworkData implements DataPort {
  readonly address: DataAddress;
  peers: readonly ExecutorId[] = [];
  readonly #server: BlockServer;
  readonly #client: BlockClient;
  readonly #self: ExecutorId;
  readonly #driverHost: string;
  #driver: DataAddress | undefined;
  #executors: ReadonlyMap<ExecutorId, DataAddress> = new Map();

  constructor(
    server: BlockServer,
    client: BlockClient,
    at: { readonly self: ExecutorId; readonly host: string; readonly driverHost: string },
  ) {
    this.address = { host: at.host, port: server.address.port };
    this.#server = server;
    this.#client = client;
    this.#self = at.self;
    this.#driverHost = at.driverHost;
  }

  async get(holder: Holder, id: BlockId, sink: BlockSink): Promise<void> {
    const address = holder === "driver" ? this.#driver : this.#executors.get(holder);
    if (address === undefined) throw refuse(sink, unknownHolder(holder, id));
    await this.#client.get(address, id, sink);
  }

  async put(peer: ExecutorId, id: BlockId, block: OutgoingBlock): Promise<void> {
    const address = this.#executors.get(peer);
    if (address === undefined) throw unknownHolder(peer, id);
    await this.#client.put(address, id, block);
  }

  setDriver({ host, port }: DataAddress): void {
    this.#driver = { host: host || this.#driverHost, port };
  }

  setPeers(executors: ReadonlyMap<ExecutorId, DataAddress>): void {
    for (const [executor, address] of this.#executors) {
      const now = executors.get(executor);
      if (now?.host !== address.host || now.port !== address.port) this.#client.forget(address);
    }
    this.#executors = executors;
    this.peers = [...executors.keys()].filter((executor) => executor !== this.#self);
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#server.close();
  }
}

/** An executor without a network: its only peer is the driver, whose blocks are copied within the process. */
export class LocalData implements DataPort {
  readonly address: DataAddress = { host: "127.0.0.1", port: 0 };
  readonly peers: readonly ExecutorId[] = [];
  readonly #readDriverBlock: ReadDriverBlock;

  constructor(readDriverBlock: ReadDriverBlock) {
    this.#readDriverBlock = readDriverBlock;
  }

  async get(holder: Holder, id: BlockId, sink: BlockSink): Promise<void> {
    if (holder !== "driver") throw refuse(sink, unknownHolder(holder, id));
    const parts = this.#readDriverBlock(id);
    if (parts === undefined) {
      throw refuse(sink, blockNotHeld(`the driver no longer holds block ${id}.`, { fields: { block: id } }));
    }
    try {
      for (const part of parts) sink.chunk(part);
    } catch (error) {
      throw refuse(sink, error instanceof Error ? error : new Error(String(error)));
    }
    await sink.end();
  }

  async put(peer: ExecutorId, id: BlockId): Promise<void> {
    throw unknownHolder(peer, id);
  }

  setDriver(): void {}

  setPeers(): void {}

  async close(): Promise<void> {}
}

function refuse(sink: BlockSink, error: Error): Error {
  sink.abort(error);
  return error;
}

function unknownHolder(holder: Holder, id: BlockId): Error {
  return holderUnknown(
    `block ${id} was held by ${holder}, which is no longer an executor of this job. It is recomputed.`,
    { fields: { block: id, holder } },
  );
}
