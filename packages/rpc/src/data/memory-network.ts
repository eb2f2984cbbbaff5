import type { BlockId } from "@millrace/plan";
import { formatAddress } from "../bind.ts";
import { blockNotHeld, peerUnreachable } from "../errors.ts";
import type { DataAddress } from "../session.ts";
import {
  type BlockClient,
  type BlockNetwork,
  type BlockServer,
  type BlockService,
  type BlockSink,
  GatheringSink,
} from "./ports.ts";

const HOST = "127.0.0.1";

/**
 * The data plane within one process: blocks that a `DataServer` serves and a `DataClient` fetches on a cluster are read
 * in place here. Its ports are numbers of its own, and no socket is opened.
 */
export class MemoryNetwork implements BlockNetwork {
  readonly #served = new Map<number, BlockService>();
  #nextPort = 1;

  serve(blocks: BlockService): BlockServer {
    const port = this.#nextPort++;
    this.#served.set(port, blocks);
    return {
      address: { host: HOST, port },
      close: async () => void this.#served.delete(port),
    };
  }

  client(): BlockClient {
    return {
      get: (from, id, sink) => this.#get(from, id, sink),
      fetch: async (from, id) => {
        const sink = new GatheringSink();
        await this.#get(from, id, sink);
        return sink.take();
      },
      put: (to, id, block) => this.#put(to, id, block),
      forget: () => undefined,
      close: () => undefined,
    };
  }

  #service(address: DataAddress): BlockService {
    const service = this.#served.get(address.port);
    if (service !== undefined) return service;
    throw peerUnreachable(`no process serves blocks at ${formatAddress(address)} any more. They are recomputed.`, {
      fields: { address: formatAddress(address) },
    });
  }

  async #get(from: DataAddress, id: BlockId, sink: BlockSink): Promise<number> {
    let bytes = 0;
    try {
      const block = this.#service(from).read(id);
      if (block === undefined) {
        const where = formatAddress(from);
        throw blockNotHeld(`${where} no longer holds block ${id}. It is recomputed.`, {
          fields: { block: id, holder: where },
        });
      }
      try {
        for (const part of block) {
          sink.chunk(part);
          bytes += part.byteLength;
        }
      } finally {
        block.release?.();
      }
    } catch (error) {
      sink.abort(asError(error));
      throw error;
    }
    await sink.end();
    return bytes;
  }

  async #put(
    to: DataAddress,
    id: BlockId,
    block: { readonly bytes: number; readonly parts: Iterable<Uint8Array> },
  ): Promise<void> {
    const sink = this.#service(to).write(id, block.bytes);
    try {
      for (const part of block.parts) sink.chunk(part);
    } catch (error) {
      sink.abort(asError(error));
      throw error;
    }
    await sink.end();
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
