import type { WireError } from "@millrace/base";
import type { BlockId } from "@millrace/plan";
import { type BlockHandle, blockLost, partsOf } from "@millrace/storage";
import type { Attempt } from "./task.ts";

/** The input block of an attempt whose file is missing, if the error reports that. */
export function lostInput(attempt: Attempt, error: WireError): BlockId | undefined {
  if (error.kind?.code !== blockLost.code) return undefined;
  const lies = (handle: BlockHandle): boolean =>
    partsOf(handle).some(
      (part) => part.kind === "file" && part.path === error.fields?.path && part.offset === error.fields.offset,
    );
  for (const [index, input] of attempt.task.inputs.entries()) {
    const resolved = attempt.inputs[index];
    if (input.kind !== "blocks" || resolved?.kind !== "block") continue;
    const block = input.blocks[resolved.handles.findIndex(lies)];
    if (block !== undefined) return block.id;
  }
  return undefined;
}
