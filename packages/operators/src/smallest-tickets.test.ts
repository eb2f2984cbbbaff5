import { expect, test } from "vitest";
import { SmallestTickets } from "./smallest-tickets.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test("the smallest tickets of parts are the smallest of all", () => {
  const tickets = numbers(1000).map((n) => [(n * 7919) % 1009, n] as const);
  const whole = new SmallestTickets(10);
  const parts = [new SmallestTickets(10), new SmallestTickets(10)];
  const merged = new SmallestTickets(10);
  tickets.forEach(([number, record], i) => {
    whole.offer(number, record);
    parts[i % 2]?.offer(number, record);
  });
  for (const part of parts) for (const [number, record] of part.all()) merged.offer(number, record);
  expect(merged.all()).toEqual(whole.all());
  expect(whole.all()).toEqual([...tickets].sort(([a], [b]) => a - b).slice(0, 10));
});
