import { type EngineError, formatSize, sizeSetting } from "@millrace/base";
import { handleBytes } from "@millrace/storage";
import { slotOutOfMemory } from "../errors.ts";
import type { ResolvedInput } from "../task.ts";

/** If a full heap has fewer bytes per key of state, the state has filled it. */
const BYTES_PER_STATE_KEY_MAX = 16 * 1024;
/** Estimated heap per encoded byte for values held together: a task reads its input piece by piece. */
const HEAP_PER_ENCODED_BYTE = 4;

/** A thread whose heap was too small. */
export interface OutOfMemory {
  readonly slot: number;
  readonly heapBytes: number;
  /** The remedy that provides this much heap. */
  readonly moreHeap: (heapBytes: number) => string;
  /** The number held at the last report. */
  readonly stateKeys: number;
  /** ` while it computed …`, or nothing. */
  readonly doing: string;
  /** Encoded input of the task; files are read piece by piece and not counted. */
  readonly inputBytes: number;
  /** Encoded size, of the task's stage. */
  readonly broadcastBytes: number;
}

/** SLOT_OUT_OF_MEMORY, with a sufficient size. */
export function outOfMemory(known: OutOfMemory): EngineError {
  const { slot, heapBytes, moreHeap, stateKeys, doing, inputBytes: input, broadcastBytes } = known;
  const full = `slot ${slot} needed more than its heap of ${sizeSetting(heapBytes)}${doing}`;
  const twice = 2 * heapBytes;
  if (stateKeys > 0 && heapBytes / stateKeys <= BYTES_PER_STATE_KEY_MAX) {
    const each = Math.ceil(heapBytes / stateKeys);
    return slotOutOfMemory(
      `${full}. It held ${stateKeys} keys of state, which is not spilled, at up to ${each} bytes of heap each. ` +
        `Forget unneeded keys (with a timeout, or \`undefined\` as their state), distribute them over more slots, ` +
        `keep state on disk (set state.store to "lmdb"), or ${moreHeap(twice)}: that holds ${2 * stateKeys} keys a slot.`,
      { fields: { heapBytes, stateKeys } },
    );
  }
  const shown = [
    ...(input > 0 ? [`${formatSize(input)} of input`] : []),
    ...(broadcastBytes > 0 ? [`${formatSize(broadcastBytes)} of broadcast variables`] : []),
  ];
  const of = shown.length === 0 ? "" : `, of ${shown.join(" and ")} (encoded)`;
  const needed = Math.max(twice, HEAP_PER_ENCODED_BYTE * (input + broadcastBytes));
  return slotOutOfMemory(
    `${full}${of}. Use more partitions; if all values of one key are too many, reduce them ` +
      `(reduceByKey in place of groupByKey), or ${moreHeap(needed)}.`,
    { fields: { heapBytes, inputBytes: input, broadcastBytes } },
  );
}

/** Encoded size of the blocks among inputs. */
export function inputBytes(inputs: readonly ResolvedInput[]): number {
  let bytes = 0;
  for (const input of inputs) {
    if (input.kind === "inline") bytes += input.block.length;
    else if (input.kind === "block") for (const handle of input.handles) bytes += handleBytes(handle);
  }
  return bytes;
}
