import type { BlockId } from "@millrace/plan";
import type { BlockService, ReadableBlock } from "@millrace/rpc";
import { type BlockPool, type BlockStore, readHandle, type SpillDirectory } from "@millrace/storage";
import { StoreSink } from "./store-sink.ts";

/** The blocks of this process, for its peers. */
export function blockService(pool: BlockPool, store: BlockStore, spills: SpillDirectory): BlockService {
  return {
    read: (id) => readable(store, pool, id),
    write: (id, bytes) => new StoreSink({ pool, store, spills, id, bytes }),
  };
}

function readable(store: BlockStore, pool: BlockPool, id: BlockId): ReadableBlock | undefined {
  const pin = store.pin(id);
  if (pin === undefined) return undefined;
  return { [Symbol.iterator]: () => readHandle(pin.handle, pool), release: () => pin.release() };
}
