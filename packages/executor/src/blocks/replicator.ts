import { type ExecutorId, type Logger, toWireError } from "@millrace/base";
import type { BlockId, BlockLevel } from "@millrace/plan";
import { type BlockPool, type BlockStore, handleBytes, type Keep, readHandle } from "@millrace/storage";
import type { DataPort } from "./data-port.ts";

export interface ReplicatorPorts {
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly data: DataPort;
  readonly log: Logger;
}

/** Sends second copies of blocks to other executors. */
export class Replicator {
  readonly #ports: ReplicatorPorts;
  #next = 0;

  constructor(ports: ReplicatorPorts) {
    this.#ports = ports;
  }

  /** Another executor, round-robin; `undefined` if there is none. */
  anyPeer(): ExecutorId | undefined {
    const { peers } = this.#ports.data;
    return peers[this.#next++ % Math.max(1, peers.length)];
  }

  /**
   * Sends copies of blocks of this process to `peer`. Never rejects: without a second copy there is only the first.
   *
   * @returns True if the peer has all of them.
   */
  async copyTo(peer: ExecutorId | undefined, blocks: readonly BlockId[]): Promise<boolean> {
    const { data, log } = this.#ports;
    if (peer === undefined || !data.peers.includes(peer)) return false;
    try {
      for (const id of blocks) await this.#copy(peer, id);
      return true;
    } catch (error) {
      log.warn(
        { peer },
        `second copies could not be stored on ${peer}, so these blocks have one copy: ${toWireError(error).message}`,
      );
      return false;
    }
  }

  async #copy(peer: ExecutorId, id: BlockId): Promise<void> {
    const { store, pool, data } = this.#ports;
    const pin = store.pin(id);
    if (pin === undefined) return; // dropped in the meantime: no copy is needed
    try {
      await data.put(peer, id, { bytes: handleBytes(pin.handle), parts: readHandle(pin.handle, pool) });
    } finally {
      pin.release();
    }
  }
}

/** The way the store keeps blocks of a storage level. */
export function keepOf(level: BlockLevel | undefined): Keep {
  if (level === undefined || (level.memory && level.disk)) return "memoryAndDisk";
  return level.memory ? "memoryOnly" : "diskOnly";
}

/** Received blocks cannot be recomputed, so they are spilled rather than dropped. */
export const keepReceived = (level: BlockLevel): Keep => (level.memory ? "memoryAndDisk" : "diskOnly");
