import type { ExecutorId, Warning } from "@millrace/base";
import { receiverMoved } from "../warnings.ts";
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

export const aloneCondition = (receiver: TrackedReceiver): string => `NO_REPLICA_PEER/${receiver.declared.stream}`;

export function notAlone(state: ReceiverTracker, receiver: TrackedReceiver): void {
  if (!receiver.alone) return;
  receiver.alone = false;
  state.effects.push({ type: "warningOver", subject: aloneCondition(receiver), message: undefined });
}
