import { type ReceiverClass, receiverContract, sourceContract } from "millrace/testing";
import { describe, test } from "vitest";
import { ReliableNumbers, replayableNumbers, UnreliableNumbers } from "../jobs/numbers.ts";
import { NumberSource } from "./number-source.fixture.ts";

/** The numbers of a source that has them from now on. */
async function place() {
  const source = await NumberSource.listen();
  return {
    source,
    url: `http://127.0.0.1:${source.port}`,
    produce: (count: number): readonly number[] => {
      source.make(count);
      return Array.from({ length: count }, (_, i) => source.end - count + i);
    },
    interrupt: () => source.cut(),
    connected: () => source.connected,
    acknowledged: () => source.acknowledged + 1,
    close: () => source.close(),
  };
}

describe.each<[string, ReceiverClass, (url: string) => UnreliableNumbers]>([
  ["a receiver that acknowledges and has positions", "exact", (url) => new ReliableNumbers(url)],
  ["a receiver that takes what comes", "unreliable", (url) => new UnreliableNumbers(url)],
])("%s", (_, of, make) => {
  for (const { title, run } of receiverContract(of, async () => {
    const at = await place();
    return { ...at, receiver: () => make(at.url) };
  }))
    test(title, run);
});

describe("a source of ranges", () => {
  for (const { title, run } of sourceContract(async () => {
    const at = await place();
    return { ...at, source: () => replayableNumbers(at.url) };
  }))
    test(title, run);
});
