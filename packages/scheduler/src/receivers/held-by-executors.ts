import type { ExecutorId, StreamId } from "@millrace/base";
import { type BlockId, comparePlaces, type LoggedRun, type ReceivedPlace, streamOf } from "@millrace/plan";
import type { HeldInventory, ReceivedBlock } from "./receiver-events.ts";

/** A run of a receiver, as far as the order of blocks depends on it. */
type RunStart = Pick<LoggedRun, "epoch" | "run" | "after">;

/** Received blocks in executors that have outlived the job's driver. */
export class HeldByExecutors {
  readonly #blocks = new Map<BlockId, { readonly block: ReceivedBlock; readonly at: ExecutorId[] }>();
  readonly #runs = new Map<StreamId, RunStart[]>();

  constructor(held: ReadonlyMap<ExecutorId, HeldInventory>) {
    for (const [executor, { blocks, runs }] of held) {
      for (const block of blocks) {
        const known = this.#blocks.get(block.id);
        known?.at.push(executor);
        // The executor of the receiver knows more of a block than those with a copy.
        const at = known?.at ?? [executor];
        if (known === undefined || block.position !== undefined) this.#blocks.set(block.id, { block, at });
      }
      for (const { stream, epoch, run, after } of runs) {
        const known = this.#runs.get(stream);
        const start = { epoch, run, ...(after === undefined ? {} : { after }) };
        if (known === undefined) this.#runs.set(stream, [start]);
        else known.push(start);
      }
    }
  }

  holdersOf(id: BlockId): readonly ExecutorId[] {
    return this.#blocks.get(id)?.at ?? [];
  }

  /** In no order. */
  of(stream: StreamId): readonly { readonly block: ReceivedBlock; readonly at: readonly ExecutorId[] }[] {
    return [...this.#blocks.values()].filter(({ block }) => streamOf(block.id) === stream);
  }

  runsOf(stream: StreamId): readonly RunStart[] {
    return this.#runs.get(stream) ?? [];
  }
}

/**
 * The blocks of an input beyond a place, in order, without those that the driver of their time had not taken before a later run of
 * the receiver began: that run has received the same records again, if its source has them.
 */
export function countingAfter<Block extends { readonly place: ReceivedPlace }>(
  blocks: readonly Block[],
  runs: readonly RunStart[],
  mark: ReceivedPlace | undefined,
): readonly Block[] {
  const ordered = [...blocks].sort((a, b) => comparePlaces(a.place, b.place));
  const left = [...runs].sort((a, b) => a.epoch - b.epoch || a.run - b.run);
  const counting: Block[] = [];
  /** The least that a run after the current block began with. */
  let bound: ReceivedPlace | "none" | undefined;
  for (const block of ordered.reverse()) {
    const { place } = block;
    for (let run = left.at(-1); run !== undefined && isLater(run, place); run = left.at(-1)) {
      left.pop();
      if (run.after === undefined) bound = "none";
      else if (bound === undefined || (bound !== "none" && comparePlaces(run.after, bound) < 0)) bound = run.after;
    }
    if (mark !== undefined && comparePlaces(place, mark) <= 0) break;
    if (bound === undefined || (bound !== "none" && comparePlaces(place, bound) <= 0)) counting.push(block);
  }
  return counting.reverse();
}

function isLater(run: RunStart, place: ReceivedPlace): boolean {
  return run.epoch > place.epoch || (run.epoch === place.epoch && run.run > place.run);
}
