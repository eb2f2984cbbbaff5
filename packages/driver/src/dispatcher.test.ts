import { expect, test } from "vitest";
import { Dispatcher } from "./dispatcher.ts";

test("an event raised while effects are carried out waits until all of them are", () => {
  const seen: string[] = [];
  const machine: Dispatcher<string, string> = new Dispatcher(
    (event) => {
      seen.push(`event ${event}`);
      return event === "a" ? ["one", "two"] : [];
    },
    (effect) => {
      seen.push(`effect ${effect}`);
      if (effect === "one") machine.dispatch("b");
    },
  );
  machine.dispatch("a");
  expect(seen).toEqual(["event a", "effect one", "effect two", "event b"]);
});
