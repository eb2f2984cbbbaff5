// Connectors of each class of sources, to the source of numbers of a test.
import { type ExternalSource, Receiver } from "millrace";

/** Numbers as they arrive. */
async function* numbersOf(url: string, signal?: AbortSignal): AsyncGenerator<number> {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const lines = (rest + Buffer.from(chunk).toString()).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.map(Number);
  }
}

/** Takes what comes. */
export class UnreliableNumbers extends Receiver<number, number> {
  readonly url: string;
  abort: AbortController | undefined;

  constructor(url: string) {
    super();
    this.url = url;
  }

  override onStart(): void {
    this.abort = new AbortController();
    void this.receive(this.abort.signal);
  }

  override onStop(): void {
    this.abort?.abort();
  }

  /** What to receive from. */
  where(): string {
    return "live";
  }

  keep(n: number): Promise<void> {
    return this.store(n);
  }

  async receive(signal: AbortSignal): Promise<void> {
    try {
      for await (const n of numbersOf(`${this.url}/${this.where()}`, signal)) {
        if (signal.aborted) return;
        // Whatever is refused is not acknowledged.
        this.keep(n).catch((error: unknown) => this.reportError("a number was refused", error));
      }
      if (!signal.aborted) this.restart("the source closed the stream");
    } catch (error) {
      if (!signal.aborted) this.restart("the source is gone", error);
    }
  }
}

/** Acknowledges to the source what is safe, and goes on after it. */
export class ReliableNumbers extends UnreliableNumbers {
  override onStart(): void {
    super.onStart();
    // Its run before may have ended between what is safe and its acknowledgement.
    const { position } = this;
    if (position === undefined) return;
    this.onSafe(position).catch((error: unknown) => this.reportError("it is acknowledged with the next", error));
  }

  override where(): string {
    return `stream?after=${this.position ?? -1}`;
  }

  override keep(n: number): Promise<void> {
    return this.store(n, n);
  }

  override async onSafe(position: number): Promise<void> {
    await fetch(`${this.url}/ack?n=${position}`, { method: "POST" });
  }
}

export interface NumberRange {
  readonly from: number;
  readonly until: number;
}

const readNumbers = ({ from, until }: NumberRange, url: string): AsyncGenerator<number> =>
  numbersOf(`${url}/range?from=${from}&until=${until}`);

/** Two partitions a batch; what a batch reads is chosen once, and read as often as it takes. */
export function replayableNumbers(url: string): ExternalSource<NumberRange, number, string> {
  let next = 0;
  return {
    label: "numbers",
    options: url,
    start: (last) => {
      next = last?.at(-1)?.until ?? 0;
    },
    fix: async () => {
      const from = next;
      next = Number(await (await fetch(`${url}/end`)).text());
      const middle = Math.floor((from + next) / 2);
      return [
        { from, until: middle },
        { from: middle, until: next },
      ];
    },
    read: readNumbers,
  };
}
