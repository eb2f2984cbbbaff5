import type { ExecutorId } from "@millrace/base";
import { namesOf } from "./received-blocks.ts";
import type { ReceiverWarning } from "./receiver-events.ts";
import type { ReceiverTracker, TrackedReceiver } from "./receiver-state.ts";

/** Warns of what has happened to these receivers. */
export function tell(
  state: ReceiverTracker,
  code: ReceiverWarning,
  receivers: readonly TrackedReceiver[],
  message: string,
): void {
  state.effects.push({ type: "warning", code, subject: namesOf(receivers), lasting: false, message });
}

/** Warns of what holds until the effect `conditionOver` names the condition. */
export function hold(state: ReceiverTracker, code: ReceiverWarning, condition: string, message: string): void {
  state.effects.push({ type: "warning", code, subject: condition, lasting: true, message });
}

export function tellMoved(state: ReceiverTracker, moving: readonly TrackedReceiver[], executor: ExecutorId): void {
  const message =
    `[RECEIVER_MOVED] ${namesOf(moving)} ${moving.length === 1 ? "starts on another executor" : "start on other executors"}: ` +
    `${executor} was lost. What was read there and not yet stored is read again only if the source can send it again.`;
  tell(state, "RECEIVER_MOVED", moving, message);
}

export const stuckCondition = (receiver: TrackedReceiver): string => `RECEIVER_STUCK/${receiver.declared.stream}`;

export function notStuck(state: ReceiverTracker, receiver: TrackedReceiver, message: string | undefined): void {
  if (!receiver.stuck) return;
  receiver.stuck = false;
  state.effects.push({ type: "conditionOver", condition: stuckCondition(receiver), message });
}

export const downCondition = (receiver: TrackedReceiver): string => `SOURCE_DOWN/${receiver.declared.stream}`;

export function notDown(state: ReceiverTracker, receiver: TrackedReceiver, message: string | undefined): void {
  if (!receiver.down) return;
  receiver.down = false;
  state.effects.push({ type: "conditionOver", condition: downCondition(receiver), message });
}
