import type { ExecutorId, Warning, WireError } from "@millrace/base";
import { headline } from "../tasks/task-errors.ts";
import { receivedLogFailing, receiverMoved } from "../warnings.ts";
import type { ReceiverTracker, TrackedReceiver } from "./receiver-state.ts";

const NAMES_MAX = 3;

/** `receiver a`, or `receivers a, b, c and 4 more`. */
export function namesOf(receivers: readonly TrackedReceiver[]): string {
  const names = receivers.slice(0, NAMES_MAX).map(({ declared }) => declared.name);
  const more = receivers.length - names.length;
  return `receiver${receivers.length === 1 ? "" : "s"} ${names.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
}

/** Reports an event, or a condition that holds until `warningOver` names its subject. */
export function warn(state: ReceiverTracker, warning: Warning): void {
  state.effects.push({ type: "warning", ...warning });
}

export function tellMoved(state: ReceiverTracker, moving: readonly TrackedReceiver[], executor: ExecutorId): void {
  const message =
    `${namesOf(moving)} ${moving.length === 1 ? "starts on another executor" : "start on other executors"}: ` +
    `${executor} was lost. Records read there and not yet stored are lost unless the source sends them again.`;
  warn(state, receiverMoved(namesOf(moving), message));
}

export const stuckCondition = (receiver: TrackedReceiver): string => `RECEIVER_STUCK/${receiver.declared.stream}`;

export function notStuck(state: ReceiverTracker, receiver: TrackedReceiver, message: string | undefined): void {
  if (!receiver.stuck) return;
  receiver.stuck = false;
  state.effects.push({ type: "warningOver", subject: stuckCondition(receiver), message });
}

export const downCondition = (receiver: TrackedReceiver): string => `SOURCE_DOWN/${receiver.declared.stream}`;

export function notDown(state: ReceiverTracker, receiver: TrackedReceiver, message: string | undefined): void {
  if (!receiver.down) return;
  receiver.down = false;
  state.effects.push({ type: "warningOver", subject: downCondition(receiver), message });
}

const unloggedCondition = (receiver: TrackedReceiver): string => `RECEIVED_LOG_FAILING/${receiver.declared.stream}`;

/** Reported once, although each attempt reports it. */
export function tellUnlogged(state: ReceiverTracker, receiver: TrackedReceiver, error: WireError): void {
  if (receiver.unlogged) return;
  receiver.unlogged = true;
  const message =
    `blocks of receiver ${receiver.declared.name} cannot be written to the received log: ${headline(error)}. ` +
    "They wait, none of them is confirmed to the receiver, and it is held back when too many do; it is tried again and again. " +
    "Records that were confirmed before are safe. Batches go on without what waits.";
  warn(state, receivedLogFailing(unloggedCondition(receiver), message));
}

export function notUnlogged(state: ReceiverTracker, receiver: TrackedReceiver, message: string | undefined): void {
  if (!receiver.unlogged) return;
  receiver.unlogged = false;
  state.effects.push({ type: "warningOver", subject: unloggedCondition(receiver), message });
}

export const aloneCondition = (receiver: TrackedReceiver): string => `NO_REPLICA_PEER/${receiver.declared.stream}`;

export function notAlone(state: ReceiverTracker, receiver: TrackedReceiver): void {
  if (!receiver.alone) return;
  receiver.alone = false;
  state.effects.push({ type: "warningOver", subject: aloneCondition(receiver), message: undefined });
}
