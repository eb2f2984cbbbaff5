import { naming } from "@millrace/base";
import { BlockWriter, decodeFrame, readFrames } from "@millrace/codec";
import { lazySource, type SourceNode, type TaskInput } from "@millrace/plan";
import type { JobContext } from "../job/job-context.ts";

/** Frames up to this size travel with their task; larger ones are fetched. */
const INLINE_BYTES_MAX = 64 * 1024;

/**
 * A collection of the driver as a source: split into equal slices, in order, and encoded when it is first read.
 *
 * @param partitions By default the default parallelism.
 */
export function collectionSource(
  context: JobContext,
  items: readonly unknown[],
  options: { readonly partitions: number | undefined; readonly label: string },
): SourceNode {
  const { partitions, label } = options;
  const lasting = context.building;
  const node = lazySource(
    "blocks",
    async () => {
      const n = partitions ?? context.defaultParallelism;
      const inputs = await Promise.all(
        Array.from({ length: n }, (_, i) =>
          encodeSlice(context, items, label, [slicePoint(items, i, n), slicePoint(items, i + 1, n)]),
        ),
      );
      if (!lasting) rememberBlocks(context, node, inputs);
      return inputs;
    },
    { lasting, label, ...(partitions === undefined ? {} : { partitions }) },
  );
  return node;
}

function slicePoint(items: readonly unknown[], i: number, n: number): number {
  return Math.floor((i * items.length) / n);
}

async function encodeSlice(
  context: JobContext,
  items: readonly unknown[],
  label: string,
  [from, to]: readonly [number, number],
): Promise<TaskInput> {
  if (from === to) return { kind: "blocks", blocks: [] };
  const frames = naming(label, () => encodeRecords(context, items, from, to));
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  if (bytes <= INLINE_BYTES_MAX) return { kind: "inline", block: concatenate(frames, bytes) };
  return { kind: "blocks", blocks: [await context.putBlock(frames)] };
}

function encodeRecords(context: JobContext, items: readonly unknown[], from: number, to: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const writer = new BlockWriter({
    classes: context.registry.classes,
    flush: (frame) => void frames.push(frame.slice()), // the writer reuses its buffer
  });
  for (let i = from; i < to; i += 1) writer.write(items[i]);
  writer.finish();
  return frames;
}

function concatenate(frames: readonly Uint8Array[], bytes: number): Uint8Array {
  const [only] = frames;
  if (only !== undefined && frames.length === 1) return only;
  const block = new Uint8Array(bytes);
  let at = 0;
  for (const frame of frames) {
    block.set(frame, at);
    at += frame.length;
  }
  return block;
}

/** Blocks of a batch are released with it: a source that is used again later is encoded again. */
function rememberBlocks(context: JobContext, node: SourceNode, inputs: readonly TaskInput[]): void {
  const ids = inputs.flatMap((input) => (input.kind === "blocks" ? input.blocks.map((block) => block.id) : []));
  if (ids.length > 0) context.scope?.ownSource(node, ids);
}

/**
 * The records of a result block, appended to `records`.
 *
 * @typeParam T The result of the action's sink, or the records of the RDD: known to the caller, not to the block.
 */
export function decodeRecords<T>(context: JobContext, block: Uint8Array, records: T[] = []): T[] {
  for (const frame of readFrames(block)) {
    for (const record of decodeFrame<T>(frame, context.registry.classes)) records.push(record);
  }
  return records;
}
