import { expect, test } from "vitest";
import { type DriverLoss, type DriverLossEvent, driverLoss, stepDriverLoss } from "./driver-loss.ts";

const lost: DriverLossEvent = { type: "lost" };
const held: DriverLossEvent = { type: "held" };
const tick: DriverLossEvent = { type: "tick" };
const driver = (run: number): DriverLossEvent => ({ type: "driver", run });

/** The effects of the last event. */
function after(state: DriverLoss, ...events: readonly DriverLossEvent[]): readonly string[] {
  let last: readonly string[] = [];
  for (const event of events)
    last = stepDriverLoss(state, event).map((effect) =>
      effect.type === "wakeAfter" ? `wakeAfter ${effect.delay}` : effect.type,
    );
  return last;
}

test("a process whose driver died keeps what it holds, and dials the next one", () => {
  const state = driverLoss(1);
  expect(after(state, lost)).toEqual(["wakeAfter 3000"]);
  expect(after(state, held)).toEqual(["wakeAfter 60000"]);
  expect(after(state, driver(2))).toEqual(["cancelWake", "dial"]);
  expect(after(state, tick)).toEqual([]);
});

test("it may be told before its connection breaks, or before it notices that", () => {
  const state = driverLoss(1);
  expect(after(state, held)).toEqual([]);
  expect(after(state, lost)).toEqual(["wakeAfter 60000"]);
  after(state, driver(2));
  expect(after(state, driver(3))).toEqual(["dial"]);
});

test("the next driver may die as well", () => {
  const state = driverLoss(1);
  after(state, lost, held, driver(2));
  expect(after(state, lost)).toEqual(["wakeAfter 3000"]);
  expect(after(state, held, driver(3))).toEqual(["cancelWake", "dial"]);
});

test("a process that its driver has lost ends, whether or not the supervisor was lost too", () => {
  expect(after(driverLoss(1), lost, tick)).toEqual(["cancelWake", "giveUp"]);
  expect(after(driverLoss(1), lost, held, driver(1))).toEqual(["cancelWake", "giveUp"]);
});

test("a process that is told again of its driver goes on, and waits no longer than it has to later", () => {
  const state = driverLoss(1);
  expect(after(state, held, driver(1))).toEqual([]);
  expect(after(state, lost)).toEqual(["wakeAfter 3000"]);
});

test("a process that ends hears nothing", () => {
  const state = driverLoss(1);
  after(state, lost, tick);
  expect(after(state, driver(2), held, tick, lost)).toEqual([]);
});
