// A connector of each class of sources, to the source of numbers of a test: what it reads is saved as files.
import { defineJob, externalStream, Receiver, type StreamingContext } from "millrace";

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

/** Acknowledges to the source what is safe, and goes on after it. */
class Reliable extends Receiver<number, number> {
  readonly url: string;
  abort: AbortController | undefined;

  constructor(url: string) {
    super();
    this.url = url;
  }

  onStart(): void {
    this.abort = new AbortController();
    void this.receive(this.abort.signal);
  }

  onStop(): void {
    this.abort?.abort();
  }

  override async onSafe(position: number): Promise<void> {
    await fetch(`${this.url}/ack?n=${position}`, { method: "POST" });
  }

  async receive(signal: AbortSignal): Promise<void> {
    try {
      for await (const n of numbersOf(`${this.url}/stream?after=${this.position ?? -1}`, signal)) {
        // Whatever is refused is not acknowledged.
        this.store(n, n).catch((error: unknown) => this.reportError("a number was refused", error));
      }
      if (!signal.aborted) this.restart("the source closed the stream");
    } catch (error) {
      if (!signal.aborted) this.restart("the source is gone", error);
    }
  }
}

/** Takes what comes. */
class Unreliable extends Reliable {
  override async onSafe(): Promise<void> {}

  override async receive(signal: AbortSignal): Promise<void> {
    try {
      for await (const n of numbersOf(`${this.url}/live`, signal)) {
        this.store(n).catch((error: unknown) => this.reportError("a number was refused", error));
      }
    } catch (error) {
      if (!signal.aborted) this.restart("the source is gone", error);
    }
  }
}

interface NumberRange {
  readonly from: number;
  readonly until: number;
}

/** Two partitions a batch; what a batch reads is chosen once, and read as often as it takes. */
function replayable(ssc: StreamingContext, url: string) {
  let next = 0;
  return externalStream<NumberRange, number, string>(ssc, {
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
    read: ({ from, until }, at) => numbersOf(`${at}/range?from=${from}&until=${until}`),
  });
}

export default defineJob({ name: "connectors", batchInterval: "200ms" }, (ssc, [directory = "", port = "0", kind]) => {
  ssc.checkpoint(`${directory}/checkpoint`);
  const url = `http://127.0.0.1:${port}`;
  const numbers =
    kind === "replayable"
      ? replayable(ssc, url)
      : ssc.receiverStream(kind === "reliable" ? new Reliable(url) : new Unreliable(url));
  numbers.map(String).saveAsTextFiles(`${directory}/out/numbers`);
  numbers.map(String).window("600ms").saveAsTextFiles(`${directory}/out/window`);
});
