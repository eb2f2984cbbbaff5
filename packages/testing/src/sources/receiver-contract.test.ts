import { Receiver } from "@millrace/api";
import { describe, expect, test } from "vitest";
import { type ReceiverClass, type ReceiverPlace, receiverContract } from "./receiver-contract.ts";

/** A system that numbers what it has, sends it to whoever subscribes, and forgets what is acknowledged. */
class Letters {
  readonly subscribers = new Set<Subscription>();
  end = 0;
  acknowledged = 0;

  produce(count: number): readonly number[] {
    const sent = Array.from({ length: count }, (_, i) => this.end + i);
    this.end += count;
    for (const subscription of this.subscribers) for (const n of sent) subscription.take(n);
    return sent;
  }

  subscribe(after: number, subscription: Subscription): void {
    this.subscribers.add(subscription);
    for (let n = Math.max(after + 1, this.acknowledged); n < this.end; n++) subscription.take(n);
  }
}

interface Subscription {
  take(n: number): void;
  cut(): void;
}

interface Spoils {
  readonly acknowledgesAtOnce?: boolean;
  readonly ignoresPosition?: boolean;
  readonly givesUp?: boolean;
  readonly goesOnAfterStop?: boolean;
  readonly acknowledgesNothing?: boolean;
}

class LetterReceiver extends Receiver<number, number> {
  readonly letters: Letters;
  readonly spoils: Spoils;
  subscription: Subscription | undefined;

  constructor(letters: Letters, spoils: Spoils) {
    super();
    this.letters = letters;
    this.spoils = spoils;
  }

  override onStart(): void {
    const { letters, spoils } = this;
    const subscription: Subscription = {
      take: (n) => {
        if (spoils.acknowledgesAtOnce === true) letters.acknowledged = n + 1;
        this.store(n, n).catch(() => undefined); // refused: not acknowledged
      },
      cut: () => {
        letters.subscribers.delete(subscription);
        if (spoils.givesUp !== true) this.restart("cut off");
      },
    };
    this.subscription = subscription;
    letters.subscribe(spoils.ignoresPosition === true ? -1 : (this.position ?? -1), subscription);
  }

  override onSafe(n: number): void {
    const there = this.subscription !== undefined && this.letters.subscribers.has(this.subscription);
    if (there && this.spoils.acknowledgesNothing !== true)
      this.letters.acknowledged = Math.max(this.letters.acknowledged, n + 1);
  }

  override onStop(): void {
    if (this.subscription !== undefined && this.spoils.goesOnAfterStop !== true)
      this.letters.subscribers.delete(this.subscription);
  }
}

function place(spoils: Spoils = {}): ReceiverPlace<number> {
  const letters = new Letters();
  return {
    receiver: () => new LetterReceiver(letters, spoils),
    produce: (count) => letters.produce(count),
    interrupt: () => {
      for (const subscription of letters.subscribers) subscription.cut();
    },
    connected: () => letters.subscribers.size > 0,
    acknowledged: () => letters.acknowledged,
  };
}

async function failing(of: ReceiverClass, spoils: Spoils): Promise<readonly string[]> {
  const outcomes = receiverContract(of, () => place(spoils), { patience: "100ms" }).map(async ({ title, run }) =>
    run().then(
      () => [],
      () => [title],
    ),
  );
  return (await Promise.all(outcomes)).flat();
}

describe("a receiver that keeps the contract", () => {
  for (const { title, run } of receiverContract("exact", () => place())) test(title, run);
});

describe("a receiver that breaks it is told of it", () => {
  test.each<[string, ReceiverClass, Spoils, string]>([
    [
      "acknowledges at once",
      "reliable",
      { acknowledgesAtOnce: true },
      "nothing is acknowledged before it is safe, and all of it then",
    ],
    [
      "acknowledges nothing",
      "reliable",
      { acknowledgesNothing: true },
      "nothing is acknowledged before it is safe, and all of it then",
    ],
    [
      "does not look at its position",
      "exact",
      { ignoresPosition: true },
      "it goes on after its position, though the acknowledgement was lost",
    ],
    [
      "does not connect again",
      "unreliable",
      { givesUp: true },
      "an interrupted connection is made again, by a restart or by itself, and records go on",
    ],
  ])("if it %s", async (_, of, spoils, title) => {
    expect(await failing(of, spoils)).toContain(title);
  });

  test("but not of what its class does not promise", async () => {
    expect(await failing("reliable", { ignoresPosition: true })).toEqual([]);
    expect(await failing("unreliable", { acknowledgesAtOnce: true })).toEqual([]);
  });
});
