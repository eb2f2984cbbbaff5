import type { EpochMs, StreamId } from "@millrace/base";
import {
  type BlockId,
  type FixedInput,
  type LoggedBlock,
  type LoggedRun,
  placeOf,
  type ReceivedInput,
  type ReceivedLogContent,
  type ReceivedMark,
  type ReceivedPlace,
  receivedBlockId,
} from "@millrace/plan";
import { receivedInputGone } from "../warnings.ts";
import { countingAfter, HeldByExecutors } from "./held-by-executors.ts";
import { needSegment } from "./logged-segments.ts";
import { addWaiting, receivedInputs } from "./received-blocks.ts";
import type { RecalledInput } from "./receiver-events.ts";
import { type HeldBlock, heldBlock, type ReceiverTracker, type TrackedReceiver } from "./receiver-state.ts";
import { warn } from "./receiver-warnings.ts";

/**
 * Takes up what an earlier run of the job has received: the blocks of batches that it had planned, as far as they still are
 * somewhere; and those in the received log that it had not given to any batch, which go into the first new ones. Segments of
 * the log without any of these are free.
 *
 * @param held What executors have that outlived the job's driver. Its blocks that no batch was given go into the first new ones as
 *   well.
 */
export function recallBlocks(
  state: ReceiverTracker,
  { pending, remembered, marks, log, dropped }: RecalledInput,
  held: HeldByExecutors = new HeldByExecutors(new Map()),
): void {
  const byName = new Map([...state.receivers.values()].map((receiver) => [receiver.declared.input, receiver]));
  const logged = new LoggedBlocks(log);
  for (const { time, inputs } of [...remembered, ...(pending === undefined ? [] : [pending])]) {
    const blocks = new Map<StreamId, HeldBlock[]>();
    for (const [name, receiver] of byName) {
      const found = plannedBlocks(receiver, inputs.get(name), { logged, held });
      blocks.set(receiver.declared.stream, found);
      for (const { logged: at } of found) if (at !== undefined) needSegment(state, at, undefined);
    }
    const records = new Map([...blocks].map(([stream, list]) => [stream, recordsIn(list)]));
    const through = new Map([...byName].map(([name, { declared }]) => [declared.stream, markIn(inputs.get(name))]));
    const batch = { time, blocks, records, through, fixed: new Map<string, FixedInput>() };
    if (time === pending?.time) {
      state.pending = { ...batch, state: "allocated" };
      for (const [stream, list] of blocks) countBacklog(state.receivers.get(stream), list);
    } else {
      state.batches.set(time, { ...batch, state: "ended" });
    }
  }
  for (const [name, receiver] of byName) {
    const mark = marks.get(name);
    receiver.given = mark;
    receiver.last = mark?.place;
    receiver.position = mark?.position;
    receiver.recalledTo = mark?.place;
    for (const { block } of held.of(receiver.declared.stream)) state.takenUp.add(block.id);
    for (const block of unallocated(receiver, mark, { logged, held })) {
      addWaiting(state, receiver, block);
      if (block.logged !== undefined) needSegment(state, block.logged, undefined);
    }
  }
  keepUnknown(state, logged, { marks, known: new Set([...byName.keys(), ...dropped]) });
  const free = log.segments.filter((segment) => !state.segments.has(segment));
  if (free.length > 0) state.effects.push({ type: "segmentsFree", segments: free });
}

/** What is left of the received input of earlier batches: by batch, and by name of the input. */
export function recalledInputs(state: ReceiverTracker): ReadonlyMap<EpochMs, ReadonlyMap<string, ReceivedInput>> {
  const batches = [...state.batches.values(), ...(state.pending === undefined ? [] : [state.pending])];
  return new Map(batches.map((batch) => [batch.time, receivedInputs(state, batch)]));
}

/** The content of a received log, by input. */
class LoggedBlocks {
  readonly #blocks = new Map<string, Map<string, LoggedBlock>>();
  readonly #runs = new Map<string, LoggedRun[]>();

  constructor({ blocks, runs }: ReceivedLogContent) {
    for (const block of blocks) {
      const known = this.#blocks.get(block.input);
      if (known === undefined) this.#blocks.set(block.input, new Map([[keyOf(block.place), block]]));
      else if (!known.has(keyOf(block.place))) known.set(keyOf(block.place), block);
    }
    for (const run of runs) {
      const known = this.#runs.get(run.input);
      if (known === undefined) this.#runs.set(run.input, [run]);
      else known.push(run);
    }
  }

  get inputs(): Iterable<string> {
    return this.#blocks.keys();
  }

  at(input: string, place: ReceivedPlace): LoggedBlock | undefined {
    return this.#blocks.get(input)?.get(keyOf(place));
  }

  /** The blocks of an input. */
  of(input: string): Iterable<LoggedBlock> {
    return this.#blocks.get(input)?.values() ?? [];
  }

  runsOf(input: string): readonly LoggedRun[] {
    return this.#runs.get(input) ?? [];
  }

  after(input: string, mark: ReceivedPlace | undefined): readonly LoggedBlock[] {
    return countingAfter([...this.of(input)], this.runsOf(input), mark);
  }
}

/** The blocks of an input that no batch was given, in order: those in the log, and those that executors hold. */
function unallocated(
  receiver: TrackedReceiver,
  mark: ReceivedMark | undefined,
  { logged, held }: { readonly logged: LoggedBlocks; readonly held: HeldByExecutors },
): readonly HeldBlock[] {
  const { input, stream, copies } = receiver.declared;
  const found = new Map<BlockId, { readonly place: ReceivedPlace; readonly block: HeldBlock }>();
  for (const { block, at } of held.of(stream)) {
    const { id, bytes, records, position } = block;
    const known = heldBlock({ id, stream, bytes, records, position, copies, at, logged: undefined });
    found.set(id, { place: placeOf(id), block: known });
  }
  for (const block of logged.of(input)) {
    const { place, bytes, records, position, at } = block;
    const id = receivedBlockId(stream, place);
    const known = { id, stream, bytes, records, position, copies: 0, at: held.holdersOf(id), logged: at } as const;
    found.set(id, { place, block: heldBlock(known) });
  }
  const runs = [...logged.runsOf(input), ...held.runsOf(stream)];
  const counting = countingAfter([...found.values()], runs, mark?.place).map(({ block }) => block);
  const positions = mark?.position !== undefined || counting.some(({ position }) => position !== undefined);
  if (!positions) return counting;
  // The receiver begins after the last position that is known: what copies have beyond it is received again.
  const last = counting.findLastIndex(({ position, logged: at }) => position !== undefined || at !== undefined);
  return counting.slice(0, last + 1);
}

const keyOf = ({ epoch, run, block }: ReceivedPlace): string => `${epoch}.${run}/${block}`;

/** The blocks of a planned batch that are in the log, or that some executor holds. */
function plannedBlocks(
  { declared }: TrackedReceiver,
  fixed: FixedInput | undefined,
  { logged, held }: { readonly logged: LoggedBlocks; readonly held: HeldByExecutors },
): HeldBlock[] {
  if (fixed?.kind !== "received") return [];
  return fixed.blocks.flatMap(({ id, bytes, records }): readonly HeldBlock[] => {
    const at = held.holdersOf(id);
    const found = logged.at(declared.input, placeOf(id));
    if (at.length === 0 && found === undefined) return [];
    const { stream } = declared;
    const copies = found === undefined ? declared.copies : 0;
    return [heldBlock({ id, stream, bytes, records, at, position: undefined, logged: found?.at, copies })];
  });
}

function markIn(fixed: FixedInput | undefined): ReceivedMark | undefined {
  return fixed?.kind === "received" ? fixed.through : undefined;
}

function countBacklog(receiver: TrackedReceiver | undefined, blocks: readonly HeldBlock[]): void {
  if (receiver === undefined) return;
  for (const { bytes } of blocks) receiver.backlogBytes += bytes;
}

function recordsIn(blocks: readonly HeldBlock[]): number {
  return blocks.reduce((sum, { records }) => sum + records, 0);
}

/** What was received for inputs that the job no longer has stays in the log: nothing is thrown away unasked. */
function keepUnknown(
  state: ReceiverTracker,
  logged: LoggedBlocks,
  { marks, known }: { readonly marks: RecalledInput["marks"]; readonly known: ReadonlySet<string> },
): void {
  for (const input of logged.inputs) {
    if (known.has(input)) continue;
    const waiting = logged.after(input, marks.get(input)?.place);
    if (waiting.length === 0) continue;
    for (const { at } of waiting) needSegment(state, at, undefined);
    const records = waiting.reduce((sum, block) => sum + block.records, 0);
    const message =
      `${records} records that were received for the input ${JSON.stringify(input)} wait in the received log, and the job has no such input: ` +
      "no batch reads them. They stay there until a job with that input is started, or one with --drop and that name; give a stream that name with named() if it is the same.";
    warn(state, receivedInputGone(input, message));
  }
}
