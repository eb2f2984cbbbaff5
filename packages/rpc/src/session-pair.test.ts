import { expect, test } from "vitest";
import { inMemoryPair } from "./session-pair.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("messages arrive in order, after the sender's turn, also those sent before there is a handler", async () => {
  const [a, b] = inMemoryPair<number, string>();
  a.send(1);
  a.send(2);
  const got: number[] = [];
  await settled();
  b.onMessage((message) => got.push(message));
  a.send(3);
  expect(got).toEqual([1, 2]);
  await settled();
  expect(got).toEqual([1, 2, 3]);
});

test("closing delivers all sent messages, then notifies both ends once; later messages are dropped", async () => {
  const [a, b] = inMemoryPair<number, string>();
  const events: unknown[] = [];
  b.onMessage((message) => events.push(message));
  b.onClose((error) => events.push(["b closed", error]));
  a.onClose((error) => events.push(["a closed", error]));
  a.send(1);
  a.close();
  a.close();
  a.send(2);
  b.send("late");
  await settled();
  expect(events).toEqual([1, ["b closed", undefined], ["a closed", undefined]]);
});
