import type { ExecutorId } from "@millrace/base";
import { frameRows, readFrames } from "@millrace/codec";
import type { BlockId } from "@millrace/plan";
import type { FromExecutor } from "@millrace/rpc";
import type { HeldRun, ReceivedBlock } from "@millrace/scheduler";
import { type BlockPool, type BlockStore, handleBytes, readHandle } from "@millrace/storage";

/** The beginning of the ids of received blocks. */
export const RECEIVED = "recv/";
/** Blocks in one message. */
const BLOCKS_MAX = 1_000;

/** A block of a receiver of this executor. */
export interface KnownBlock {
  readonly records: number;
  readonly position: Uint8Array | undefined;
}

interface Held {
  readonly executor: ExecutorId;
  readonly store: BlockStore;
  readonly pool: BlockPool;
  readonly known: ReadonlyMap<BlockId, KnownBlock>;
  readonly runs: readonly HeldRun[];
}

/** Messages that say which received blocks are in the store, and which receivers run here; none if there is nothing. O(blocks). */
export function inventory(held: Held): readonly FromExecutor[] {
  const blocks = held.store.idsOf(RECEIVED).flatMap((id) => blockIn(held, id) ?? []);
  if (blocks.length === 0 && held.runs.length === 0) return [];
  const messages: FromExecutor[] = [{ type: "held", blocks: blocks.slice(0, BLOCKS_MAX), runs: held.runs }];
  for (let at = BLOCKS_MAX; at < blocks.length; at += BLOCKS_MAX)
    messages.push({ type: "held", blocks: blocks.slice(at, at + BLOCKS_MAX), runs: [] });
  return messages;
}

function blockIn({ executor, store, pool, known }: Held, id: BlockId): ReceivedBlock | undefined {
  const pin = store.pin(id);
  if (pin === undefined) return undefined;
  try {
    // Another executor has sent the block without saying how many records it has.
    const { records, position } = known.get(id) ?? { records: rows(readHandle(pin.handle, pool)), position: undefined };
    const bytes = handleBytes(pin.handle);
    return { id, bytes, records, at: [executor], ...(position === undefined ? {} : { position }) };
  } finally {
    pin.release();
  }
}

function rows(parts: Iterable<Uint8Array>): number {
  let records = 0;
  for (const frame of readFrames(Buffer.concat([...parts]))) records += frameRows(frame);
  return records;
}
