import { type Millis, millis, unreachable } from "@millrace/base";

/** The time to be told that the job's driver is gone, rather than this process for its driver. */
const TOLD_WITHIN = millis(3_000);
/** The time that a process keeps what it holds for the job's next driver. */
const DRIVER_AWAITED: Millis = millis(60_000);

/**
 * One process of a job on an executor that has something to keep, between the drivers of that job. Which of them it belongs to is a
 * number, its run.
 *
 *     connected ─lost─▶ lost ─driver, another run─▶ connected
 *                         └─ driver, the same run; too late ─▶ given up
 */
export interface DriverLoss {
  /** Of the driver that it has dialled. */
  run: number;
  state: "connected" | "lost" | "givenUp";
  /** The job's driver is known to be gone, and another one will come. */
  held: boolean;
}

export type DriverLossEvent =
  /** The connection broke. */
  | { readonly type: "lost" }
  /** The driver is gone, and another one will come. */
  | { readonly type: "held" }
  /** Where the driver is. */
  | { readonly type: "driver"; readonly run: number }
  /** The timer of `wakeAfter` fired. */
  | { readonly type: "tick" };

export type DriverLossEffect =
  /** Leave the connection, if there still is one, and dial the driver that was told last. */
  | { readonly type: "dial" }
  /** End this process. */
  | { readonly type: "giveUp" }
  /** Replaces the previous timer. */
  | { readonly type: "wakeAfter"; readonly delay: Millis }
  | { readonly type: "cancelWake" };

export function driverLoss(run: number): DriverLoss {
  return { run, state: "connected", held: false };
}

/** Advances a process by one event. Owns `state`. */
export function stepDriverLoss(state: DriverLoss, event: DriverLossEvent): readonly DriverLossEffect[] {
  if (state.state === "givenUp") return [];
  switch (event.type) {
    case "lost":
      state.state = "lost";
      return [{ type: "wakeAfter", delay: state.held ? DRIVER_AWAITED : TOLD_WITHIN }];
    case "held":
      state.held = true;
      return state.state === "lost" ? [{ type: "wakeAfter", delay: DRIVER_AWAITED }] : [];
    case "driver":
      return onDriver(state, event.run);
    case "tick":
      return state.state === "lost" ? giveUp(state) : [];
    default:
      return unreachable(event);
  }
}

function onDriver(state: DriverLoss, run: number): readonly DriverLossEffect[] {
  state.held = false;
  if (run === state.run) {
    // It has taken this process for lost, and what it holds with it.
    return state.state === "lost" ? giveUp(state) : [];
  }
  const lost = state.state === "lost";
  state.run = run;
  state.state = "connected";
  return lost ? [{ type: "cancelWake" }, { type: "dial" }] : [{ type: "dial" }];
}

function giveUp(state: DriverLoss): readonly DriverLossEffect[] {
  state.state = "givenUp";
  return [{ type: "cancelWake" }, { type: "giveUp" }];
}
