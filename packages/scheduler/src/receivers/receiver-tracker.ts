import {
  assert,
  type EpochMs,
  type ExecutorId,
  type StreamId,
  unreachable,
  type WireError,
  warningOf,
} from "@millrace/base";
import type { FixedInput } from "@millrace/plan";
import { headline } from "../tasks/task-errors.ts";
import { receiverStopped, receiverTrouble } from "../warnings.ts";
import { dropTarget, onBlocksCopied, onCopyDue, requestCopies, reviewCopies, tellMissing } from "./block-copies.ts";
import { isReadAgain, takeUp } from "./held-blocks.ts";
import { HeldByExecutors } from "./held-by-executors.ts";
import { freeLeaving } from "./leaving-executors.ts";
import { closeSegments, needSegment } from "./logged-segments.ts";
import { recallBlocks } from "./recalled-blocks.ts";
import {
  addWaiting,
  allocateWaiting,
  batchInput,
  dropHolder,
  endBatch,
  releaseBatch,
  reportBacklog,
} from "./received-blocks.ts";
import type { HeldInventory, ReceiverEffect, ReceiverEvent, ReceiverStatus } from "./receiver-events.ts";
import { NO_EXECUTORS, placeReceivers, renewPeers, stays } from "./receiver-placement.ts";
import { heldBlock, type ReceiverTracker, type TrackedReceiver, trackedReceiver } from "./receiver-state.ts";
import {
  downCondition,
  namesOf,
  notAlone,
  notDown,
  notStuck,
  notUnlogged,
  stuckCondition,
  tellMoved,
  tellUnlogged,
  warn,
} from "./receiver-warnings.ts";

/** Advances all receivers of a job by one event. Owns `state`; reads no clock, no randomness, no I/O. */
export function stepReceivers(state: ReceiverTracker, event: ReceiverEvent): readonly ReceiverEffect[] {
  const effects: ReceiverEffect[] = [];
  state.effects = effects;
  switch (event.type) {
    case "started":
      onStarted(state, event);
      break;
    case "executorReady":
      onExecutorReady(state, event.executor, event.held);
      break;
    case "executorLost":
      onExecutorLost(state, event.executor);
      break;
    case "executorLeaving":
      onExecutorLeaving(state, event.executor);
      break;
    case "received":
      onReceived(state, event);
      break;
    case "receiverStatus":
      onReceiverStatus(state, event.executor, event.stream, event.status);
      break;
    case "blocksCopied":
      onBlocksCopied(state, event);
      break;
    case "copyDue":
      onCopyDue(state, event.executor);
      break;
    case "allocate":
      onAllocate(state, event.batch);
      break;
    case "inputFixed":
      onInputFixed(state, event.batch, event.inputs);
      break;
    case "runBatch":
      onRunBatch(state, event.batch);
      break;
    case "batchEnded":
      endBatch(state, event.batch, event.unfinished);
      break;
    case "batchReleased":
      releaseBatch(state, event.batch);
      break;
    case "stopRequested":
      onStopRequested(state);
      break;
    default:
      return unreachable(event);
  }
  requestCopies(state);
  freeLeaving(state);
  return effects;
}

function onStarted(
  state: ReceiverTracker,
  { receivers, recalled }: Extract<ReceiverEvent, { readonly type: "started" }>,
): void {
  assert(state.mode === "new", "receivers are declared once");
  state.mode = "open";
  for (const declared of receivers) {
    assert(!state.receivers.has(declared.stream), `stream ${declared.stream} is declared twice`);
    state.receivers.set(declared.stream, trackedReceiver(declared));
  }
  if (recalled !== undefined) recallBlocks(state, recalled, new HeldByExecutors(state.held));
  for (const [executor, held] of state.held) takeUp(state, executor, held);
  state.held.clear();
  placeReceivers(state);
  reviewCopies(state);
}

function onExecutorReady(state: ReceiverTracker, executor: ExecutorId, held: HeldInventory | undefined): void {
  if (state.executors.includes(executor)) return;
  state.executors.push(executor);
  if (state.starved) state.effects.push({ type: "warningOver", subject: NO_EXECUTORS, message: undefined });
  state.starved = false;
  if (held !== undefined && state.mode === "new") state.held.set(executor, held);
  else if (held !== undefined) takeUp(state, executor, held);
  placeReceivers(state);
  renewPeers(state);
  reviewCopies(state);
  tellMissing(state);
}

function onExecutorLost(state: ReceiverTracker, executor: ExecutorId): void {
  const at = state.executors.indexOf(executor);
  if (at < 0) return;
  state.executors.splice(at, 1);
  state.held.delete(executor);
  state.leaving.delete(executor);
  dropTarget(state, executor);
  dropHolder(state, executor);
  closeSegments(state, executor);
  const moving: TrackedReceiver[] = [];
  for (const receiver of state.receivers.values()) {
    if (receiver.executor === executor && loseHome(state, receiver, executor)) moving.push(receiver);
  }
  if (moving.length > 0) tellMoved(state, moving, executor);
  // Without executors there is no first copy either: from now on they wait, which NO_EXECUTORS says.
  if (state.executors.length === 0) for (const receiver of state.receivers.values()) notAlone(state, receiver);
  placeReceivers(state);
  renewPeers(state);
  for (const receiver of state.receivers.values()) reportBacklog(state, receiver);
  reviewCopies(state);
  tellMissing(state);
  finishStop(state);
}

/** Its blocks may be needed until they are copied; it is given no new ones. */
function onExecutorLeaving(state: ReceiverTracker, executor: ExecutorId): void {
  if (!stays(state, executor)) return;
  state.leaving.set(executor, false);
  for (const receiver of state.receivers.values()) {
    if (receiver.executor !== executor || receiver.state === "stopping" || receiver.state === "moving") continue;
    receiver.state = "moving";
    state.effects.push({ type: "stopReceiver", executor, stream: receiver.declared.stream });
  }
  renewPeers(state);
  reviewCopies(state);
}

/** Returns true if the receiver needs another executor. */
function loseHome(state: ReceiverTracker, receiver: TrackedReceiver, executor: ExecutorId): boolean {
  receiver.executor = undefined;
  receiver.peer = undefined;
  const lost = { name: "Error", message: `executor ${executor} was lost` };
  changed(state, receiver, { change: "stopped", executor, error: lost });
  notStuck(state, receiver, undefined);
  notUnlogged(state, receiver, undefined);
  if (receiver.state === "stopping") {
    receiver.state = "stopped";
    state.cutOff.push(receiver.declared.name);
    return false;
  }
  receiver.state = "homeless";
  return true;
}

function onReceived(state: ReceiverTracker, event: Extract<ReceiverEvent, { type: "received" }>): void {
  const receiver = state.receivers.get(event.stream);
  // Late reports of a lost executor: its blocks are gone, and a receiver elsewhere has taken over.
  if (receiver === undefined || !state.executors.includes(event.executor)) return;
  if (state.mode === "stopped") return; // no batch will read them, so they are not confirmed
  const { executor } = event;
  if (event.blocks.some(({ position }) => isReadAgain(receiver, executor, position))) {
    for (const holder of new Set(event.blocks.flatMap(({ at }) => at)))
      state.effects.push({ type: "dropBlocks", executor: holder, blocks: event.blocks.map(({ id }) => id) });
    return;
  }
  for (const { id, bytes, records, at, logged, position } of event.blocks) {
    // A copy may have been lost while the report was on its way.
    const holders = at.filter((holder) => state.executors.includes(holder));
    const block = heldBlock({
      ...{ id, stream: event.stream, bytes, records, logged, position },
      copies: logged === undefined ? receiver.declared.copies : 0,
      at: holders.length > 0 ? holders : [executor],
    });
    addWaiting(state, receiver, block);
    if (logged !== undefined) needSegment(state, logged, executor);
  }
  state.effects.push({
    type: "blocksTaken",
    executor,
    stream: event.stream,
    blocks: event.blocks.map(({ id }) => id),
  });
  reportBacklog(state, receiver);
}

function onReceiverStatus(
  state: ReceiverTracker,
  executor: ExecutorId,
  stream: StreamId,
  status: ReceiverStatus,
): void {
  const receiver = state.receivers.get(stream);
  if (receiver === undefined || receiver.executor !== executor) return; // by now it runs elsewhere
  switch (status.state) {
    case "running":
      onRunning(state, receiver, executor);
      break;
    case "retrying":
      onRetrying(state, receiver, status);
      changed(state, receiver, { change: "error", executor, error: status.error });
      break;
    case "trouble":
      onTrouble(state, receiver, status.error);
      changed(state, receiver, { change: "error", executor, error: status.error });
      break;
    case "stuck":
      onStuck(state, receiver, status.error);
      changed(state, receiver, { change: "error", executor, error: status.error });
      break;
    case "answering":
      notStuck(state, receiver, `receiver ${receiver.declared.name} responds again.`);
      break;
    case "unlogged":
      tellUnlogged(state, receiver, status.error);
      break;
    case "logged":
      notUnlogged(state, receiver, `blocks of receiver ${receiver.declared.name} are logged again.`);
      break;
    case "stopped":
      changed(state, receiver, { change: "stopped", executor, error: status.error });
      onStopped(state, receiver, status);
      break;
    default:
      unreachable(status);
  }
}

function changed(
  state: ReceiverTracker,
  receiver: TrackedReceiver,
  what: Pick<Extract<ReceiverEffect, { type: "receiverChanged" }>, "change" | "executor" | "error">,
): void {
  state.effects.push({ type: "receiverChanged", stream: receiver.declared.stream, ...what });
}

function onTrouble(state: ReceiverTracker, receiver: TrackedReceiver, error: WireError): void {
  const name = namesOf([receiver]);
  warn(state, receiverTrouble(name, `${name} reports an error and continues: ${reason(error)}.`));
}

function onStuck(state: ReceiverTracker, receiver: TrackedReceiver, error: WireError): void {
  receiver.stuck = true;
  const message = `[RECEIVER_STUCK] receiver ${receiver.declared.name}: ${reason(error)}.`;
  warn(state, warningOf(message, { subject: stuckCondition(receiver), lasting: true }));
}

function onRunning(state: ReceiverTracker, receiver: TrackedReceiver, executor: ExecutorId): void {
  if (receiver.down) {
    const message = `[SOURCE_BACK] receiver ${receiver.declared.name} is connected to its source again.`;
    notDown(state, receiver, message);
  }
  if (receiver.state === "stopping" || receiver.state === "moving" || receiver.state === "running") return;
  receiver.state = "running";
  changed(state, receiver, { change: "started", executor, error: undefined });
}

function onRetrying(
  state: ReceiverTracker,
  receiver: TrackedReceiver,
  status: Extract<ReceiverStatus, { state: "retrying" }>,
): void {
  if (receiver.state === "stopping" || receiver.state === "moving") return;
  notStuck(state, receiver, undefined); // its thread has ended
  receiver.state = "retrying";
  if (receiver.down) return; // reported once per outage, although each attempt reports it
  receiver.down = true;
  const { name } = receiver.declared;
  const { error, retryMs } = status;
  const then =
    error.kind?.code === "SOURCE_DOWN"
      ? "" // its message says the rest
      : ` It restarts in ${retryMs} ms, after further failures with longer pauses; batches go on without it.`;
  const message = `[SOURCE_DOWN] receiver ${name}: ${reason(error)}.${then}`;
  warn(state, warningOf(message, { subject: downCondition(receiver), lasting: true }));
}

/** The headline, without a code that the surrounding message implies. */
function reason(error: WireError): string {
  return headline(error).replace(/^\[(?:SOURCE_DOWN|RECEIVER_FAILED|RECEIVER_STUCK)\] /, "");
}

function onStopped(
  state: ReceiverTracker,
  receiver: TrackedReceiver,
  status: Extract<ReceiverStatus, { state: "stopped" }>,
): void {
  notDown(state, receiver, undefined);
  notStuck(state, receiver, undefined);
  notUnlogged(state, receiver, undefined);
  if (receiver.state === "moving" && status.error === undefined) {
    receiver.state = "homeless";
    receiver.executor = undefined;
    receiver.peer = undefined;
    placeReceivers(state);
    return;
  }
  if (receiver.state !== "stopping" || status.error !== undefined) {
    const why = status.error === undefined ? "by itself" : `with an error: ${reason(status.error)}`;
    const then = receiver.state === "stopping" ? "" : " The job goes on without it; restart the job to start it again.";
    const name = namesOf([receiver]);
    warn(state, receiverStopped(name, `${name} stopped ${why}.${then}`));
  }
  receiver.state = "stopped";
  receiver.executor = undefined;
  receiver.peer = undefined;
  finishStop(state);
}

function onAllocate(state: ReceiverTracker, time: EpochMs): void {
  assert(!state.batches.has(time), `batch ${time} has its input already`);
  allocateWaiting(state, time);
  state.effects.push({ type: "allocated", batch: time });
}

function onInputFixed(state: ReceiverTracker, time: EpochMs, inputs: ReadonlyMap<string, FixedInput>): void {
  const batch = state.batches.get(time);
  if (batch?.state === "ended") return; // the job was cut off in the meantime
  assert(batch?.state === "allocated", `the input of batch ${time} is fixed, but it is ${batch?.state ?? "not known"}`);
  batch.state = "fixed";
  batch.fixed = inputs;
}

function onRunBatch(state: ReceiverTracker, time: EpochMs): void {
  const batch = state.batches.get(time);
  assert(batch?.state === "fixed", `batch ${time} is to run, but is ${batch?.state ?? "not known"}`);
  batch.state = "running";
  state.effects.push({ type: "batchInput", input: batchInput(state, batch) });
}

function onStopRequested(state: ReceiverTracker): void {
  if (state.mode === "stopping" || state.mode === "stopped") return;
  state.mode = "stopping";
  for (const receiver of state.receivers.values()) {
    if (receiver.executor === undefined) {
      receiver.state = "stopped";
    } else if (receiver.state !== "stopping") {
      // A moving receiver has already been reported.
      if (receiver.state !== "moving")
        state.effects.push({ type: "stopReceiver", executor: receiver.executor, stream: receiver.declared.stream });
      receiver.state = "stopping";
    }
  }
  finishStop(state);
}

function finishStop(state: ReceiverTracker): void {
  if (state.mode !== "stopping") return;
  let pending = false;
  for (const receiver of state.receivers.values()) {
    if (receiver.state !== "stopped") return;
    pending ||= receiver.waiting.length > 0;
  }
  state.mode = "stopped";
  state.effects.push({ type: "allStopped", pending });
}
