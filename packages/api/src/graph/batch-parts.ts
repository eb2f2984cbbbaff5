import { EngineError, thrownText, toWireError } from "@millrace/base";
import type { FixedInput, LookBack, OutputInfo, PreparedBatch } from "@millrace/plan";
import type { BatchScope } from "../batch/batch-scope.ts";
import type { Trial } from "../batch/failed-input.ts";
import { askedAt } from "../job/author-code.ts";
import type { BatchFailure } from "../port/graph-port.ts";
import type { Output } from "./graph-builder.ts";
import type { PolledInput, StreamNode } from "./stream-node.ts";

// The parts of a batch: outputs, and streams that later batches build on.

/** States advance to the batch if all of their partitions were brought up to it; otherwise the next batch builds on the old version. */
export function preparedBy({ coveredStates, preparedOutputs }: BatchScope): PreparedBatch {
  return { states: coveredStates, outputs: preparedOutputs };
}

export const NOTHING_RETURNED: ReadonlyMap<StreamNode, number> = new Map();

export type LastingPart = { readonly part: "state" | "stream"; readonly name: string };
type Part = { readonly part: "output"; readonly output: OutputInfo } | LastingPart;

export const partOf = (output: OutputInfo): Part => ({ part: "output", output });

/** Runs a part of a batch, and adds its failure to `failures`. @returns The error, if it failed. */
export async function collect(
  failures: BatchFailure[],
  part: Part,
  attempt: () => Promise<void>,
): Promise<Error | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (thrown) {
    const error = asError(thrown);
    failures.push({ ...part, error });
    return error;
  }
}

/** Adds the line where an output is declared to a refusal without a line of the author. */
export async function declaredHere({ declared }: Output, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    throw askedAt(error, declared);
  }
}

export function trialOf(stream: StreamNode, error: Error | undefined): Trial {
  return error === undefined ? { stream } : { stream, error };
}

export async function fix(node: PolledInput, scope: BatchScope): Promise<FixedInput> {
  try {
    return await node.fix(scope);
  } catch (error) {
    return { kind: "failed", error: toWireError(asError(error)) };
  }
}

/** Whether work has succeeded, once it is done. */
export function succeeded(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

export async function settled(work: unknown): Promise<void> {
  await Promise.allSettled([work]);
}

/** How far a job looks back, for a checkpoint of which a later version of the job may need more. */
export function lookBackIn(streams: ReadonlyMap<StreamNode, number>, remembersMs: number): LookBack {
  let longest: LookBack["longest"];
  for (const { label, looksBackMs, parents } of streams.keys()) {
    const ms = looksBackMs === undefined ? 0 : Math.max(...parents.map((parent) => streams.get(parent) ?? 0));
    if (ms > (longest?.ms ?? 0)) longest = { label, ms };
  }
  return longest === undefined ? { remembersMs } : { remembersMs, longest };
}

/** Every stream that the roots depend on, with the ms that its batches are read back from a batch. */
export function lookBackOf(roots: readonly StreamNode[]): ReadonlyMap<StreamNode, number> {
  const found = new Map<StreamNode, number>();
  const visit = (node: StreamNode, ms: number): void => {
    const known = found.get(node);
    if (known !== undefined && known >= ms) return;
    found.set(node, ms);
    for (const parent of node.parents) visit(parent, ms + (node.looksBackMs ?? 0));
  };
  for (const root of roots) visit(root, 0);
  return found;
}

export function asError(error: unknown): Error {
  if (error instanceof EngineError || error instanceof Error) return error;
  return new Error(`a thrown value that is not an Error: ${thrownText(error)}`);
}
