import type { ExecutorId } from "@millrace/base";
import { noExecutors, noReplicaPeer } from "../warnings.ts";
import type { ReceiverTracker, TrackedReceiver } from "./receiver-state.ts";
import { aloneCondition, notAlone, warn } from "./receiver-warnings.ts";

/** The subject of the condition "receivers wait for an executor". */
export const NO_EXECUTORS = "NO_EXECUTORS/receivers";

/** Starts every receiver that has no executor. O(receivers × executors). */
export function placeReceivers(state: ReceiverTracker): void {
  if (state.mode !== "open") return;
  for (const receiver of state.receivers.values()) {
    if (receiver.state === "homeless") startSomewhere(state, receiver);
  }
}

function startSomewhere(state: ReceiverTracker, receiver: TrackedReceiver): void {
  const { stream, name } = receiver.declared;
  const executor = leastUsed(state, (other) => other.executor, undefined);
  if (executor === undefined) {
    if (state.starved || state.leaving.size > 0) return; // reported once the leaving ones are gone
    state.starved = true;
    const message = `receiver ${name} waits: no executor is ready. It starts by itself when one is.`;
    warn(state, noExecutors(NO_EXECUTORS, message));
    return;
  }
  receiver.state = "starting";
  receiver.executor = executor;
  receiver.toldBytes = 0;
  receiver.peer = choosePeer(state, receiver);
  const { epoch = 0 } = state.settings;
  const run = { epoch, run: receiver.runs++, after: receiver.last, position: receiver.position };
  state.effects.push({ type: "startReceiver", executor, stream, replicateTo: receiver.peer, run });
}

/** Assigns a peer to running receivers that need one and have none, or have lost it. */
export function renewPeers(state: ReceiverTracker): void {
  for (const receiver of state.receivers.values()) {
    const { executor, declared, peer } = receiver;
    if (executor === undefined || declared.copies === 1) continue;
    if (peer !== undefined && stays(state, peer)) continue;
    receiver.peer = choosePeer(state, receiver);
    if (receiver.peer === peer) continue;
    state.effects.push({ type: "replicateTo", executor, stream: declared.stream, peer: receiver.peer });
  }
}

export function choosePeer(state: ReceiverTracker, receiver: TrackedReceiver): ExecutorId | undefined {
  const { name, copies } = receiver.declared;
  if (copies === 1) return undefined;
  const peer = leastUsed(state, (other) => (other === receiver ? undefined : other.peer), receiver.executor);
  // A leaving executor keeps its copies for now, and the job may be about to end: reported once the leaving ones are
  // gone.
  if (peer === undefined && (state.leaving.size > 0 || state.mode !== "open")) return undefined;
  if (peer === undefined && !receiver.alone) {
    const message =
      `receiver ${name} stores a second copy of its blocks on another executor, but ${receiver.executor} is the ` +
      "only one. It continues with one copy: if that executor is lost, so are its unprocessed records. Add an executor.";
    receiver.alone = true;
    warn(state, noReplicaPeer(aloneCondition(receiver), message));
  }
  if (peer !== undefined) notAlone(state, receiver);
  return peer;
}

/** True if the executor is ready and was not told to end. */
export function stays(state: ReceiverTracker, executor: ExecutorId): boolean {
  return state.executors.includes(executor) && !state.leaving.has(executor);
}

/** The executor used this way by the fewest receivers; among equals, the one that was ready first. */
function leastUsed(
  state: ReceiverTracker,
  use: (receiver: TrackedReceiver) => ExecutorId | undefined,
  except: ExecutorId | undefined,
): ExecutorId | undefined {
  let best: ExecutorId | undefined;
  let bestUses = Number.POSITIVE_INFINITY;
  for (const executor of state.executors) {
    if (executor === except || !stays(state, executor)) continue;
    let uses = 0;
    for (const receiver of state.receivers.values()) if (use(receiver) === executor) uses++;
    if (uses < bestUses) [best, bestUses] = [executor, uses];
  }
  return best;
}
