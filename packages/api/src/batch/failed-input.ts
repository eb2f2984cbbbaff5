import { EngineError, type EpochMs } from "@millrace/base";
import type { BadFile, StreamNode } from "../graph/stream-node.ts";

const CAUSES_MAX = 8;

/** A part of a batch that ran: an output, or a stream that later batches build on. */
export interface Trial {
  readonly stream: StreamNode;
  /** The error that made it fail; absent if it succeeded. */
  readonly error?: Error;
}

/**
 * Decides whether the files of a failed batch are offered to the next one while the job goes on. The files of an input are
 * offered again if no part that needs the input has succeeded and its unreadable files are the only cause. Otherwise the
 * successful parts would be repeated, or a file that the author's code cannot process would fail every batch from then on.
 *
 * @returns The inputs with an unreadable file, and for each the number of files that are offered again.
 */
export function returnInput(
  inputs: readonly StreamNode[],
  time: EpochMs,
  trials: readonly Trial[],
): ReadonlyMap<StreamNode, number> {
  const found = inputs.flatMap(({ rereadable }) => rereadable ?? []);
  const isInput = (path: string): boolean => found.some((input) => input.reads(time, path));
  const returned = new Map<StreamNode, number>();
  for (const node of inputs) {
    const { rereadable } = node;
    const needing = trials.filter(({ stream }) => needs(stream, node));
    const errors = needing.flatMap(({ error }) => error ?? []);
    if (rereadable === undefined || errors.length === 0) continue;
    const bad = errors.map((error) => badFile(error, isInput));
    const files = bad.filter((file) => file !== undefined);
    if (files.length === 0) continue;
    if (needing.length === errors.length && files.length === bad.length) {
      returned.set(node, rereadable.giveBack(time, files));
    } else {
      returned.set(node, 0);
      rereadable.giveUp(time, files);
    }
  }
  return returned;
}

function needs(stream: StreamNode, input: StreamNode): boolean {
  return stream === input || stream.parents.some((parent) => needs(parent, input));
}

/** The file that an error of the engine, or one of its causes, refers to. */
function badFile(error: Error, isInput: (path: string) => boolean): BadFile | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && at instanceof Error; depth += 1, at = at.cause) {
    const path = at instanceof EngineError ? at.fields.path : undefined;
    if (at instanceof EngineError && typeof path === "string" && isInput(path)) return { path, code: at.code };
  }
  return undefined;
}
