import { type ExecutorId, type Logger, toWireError } from "@millrace/base";
import type { BlockId, BlockLevel } from "@millrace/plan";
import type { DataAddress, DataClient } from "@millrace/rpc";
import { type BlockPool, type BlockStore, handleBytes, type Keep, readHandle } from "@millrace/storage";

export interface ReplicatorPorts {
  readonly pool: BlockPool;
  readonly store: BlockStore;
  /** `undefined` within one process: there is nobody to send to. */
  readonly client: DataClient | undefined;
  readonly log: Logger;
  addressOf(peer: ExecutorId): DataAddress | undefined;
  /** The other executors of the job. */
  peers(): readonly ExecutorId[];
}

/** Sends second copies of blocks to other executors. */
export class Replicator {
  readonly #ports: ReplicatorPorts;
  #next = 0;

  constructor(ports: ReplicatorPorts) {
    this.#ports = ports;
  }

  /** Another executor, each in turn; `undefined` when there is none. */
  anyPeer(): ExecutorId | undefined {
    const peers = this.#ports.client === undefined ? [] : this.#ports.peers();
    return peers[this.#next++ % Math.max(1, peers.length)];
  }

  /**
   * Sends copies of blocks of this process to `peer`. Never rejects: without a second copy the first stands alone.
   *
   * @returns Whether the peer has all of them.
   */
  async copyTo(peer: ExecutorId | undefined, blocks: readonly BlockId[]): Promise<boolean> {
    const { client, log } = this.#ports;
    const address = peer === undefined ? undefined : this.#ports.addressOf(peer);
    if (client === undefined || address === undefined) return false;
    try {
      for (const id of blocks) await this.#copy(client, address, id);
      return true;
    } catch (error) {
      log.warn({ peer }, `second copies could not be made, the first ones stand alone: ${toWireError(error).message}`);
      return false;
    }
  }

  async #copy(client: DataClient, address: DataAddress, id: BlockId): Promise<void> {
    const { store, pool } = this.#ports;
    const pin = store.pin(id);
    if (pin === undefined) return; // dropped meanwhile: nobody wants a copy
    try {
      await client.put(address, id, { bytes: handleBytes(pin.handle), parts: readHandle(pin.handle, pool) });
    } finally {
      pin.release();
    }
  }
}

/** What the store is told of a storage level. */
export function keepOf(level: BlockLevel | undefined): Keep {
  if (level === undefined || (level.memory && level.disk)) return "memoryAndDisk";
  return level.memory ? "memoryOnly" : "diskOnly";
}

/** Received blocks cannot be made again, so that they go to disk rather than nowhere. */
export const keepReceived = (level: BlockLevel): Keep => (level.memory ? "memoryAndDisk" : "diskOnly");
