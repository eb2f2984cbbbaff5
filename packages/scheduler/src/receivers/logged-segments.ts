import type { ExecutorId } from "@millrace/base";
import type { LoggedAt } from "@millrace/plan";
import type { ReceiverTracker } from "./receiver-state.ts";

/** A block of the segment is needed. `writer`: the executor that has just written it. */
export function needSegment(state: ReceiverTracker, { segment }: LoggedAt, writer: ExecutorId | undefined): void {
  const known = state.segments.get(segment);
  if (known !== undefined) {
    known.blocks++;
    return;
  }
  if (writer !== undefined) closeSegments(state, writer); // each process writes one at a time
  state.segments.set(segment, { writer, blocks: 1 });
}

/** A block of the segment will not be read any more. */
export function releaseSegment(state: ReceiverTracker, { segment }: LoggedAt): void {
  const known = state.segments.get(segment);
  if (known === undefined) return;
  known.blocks--;
  freeIfDone(state, segment);
}

/** The executor has gone on to another segment, or is gone. O(segments). */
export function closeSegments(state: ReceiverTracker, writer: ExecutorId): void {
  for (const [segment, known] of state.segments) {
    if (known.writer !== writer) continue;
    known.writer = undefined;
    freeIfDone(state, segment);
  }
}

function freeIfDone(state: ReceiverTracker, segment: string): void {
  const known = state.segments.get(segment);
  if (known === undefined || known.blocks > 0 || known.writer !== undefined) return;
  state.segments.delete(segment);
  state.effects.push({ type: "segmentsFree", segments: [segment] });
}
