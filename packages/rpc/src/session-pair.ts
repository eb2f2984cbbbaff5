import { Mailbox } from "./mailbox.ts";
import type { DriverSession, ExecutorSession, FromExecutor, Session, ToExecutor } from "./session.ts";

/** Both ends of a session within one process, for `local[N]`. Messages are passed as they are, not copied. */
export function sessionPair(): { readonly driverEnd: ExecutorSession; readonly executorEnd: DriverSession } {
  const [driverEnd, executorEnd] = inMemoryPair<ToExecutor, FromExecutor>();
  return { driverEnd, executorEnd };
}

/** Two ends that deliver to each other in order and never within the caller's `send`. */
export function inMemoryPair<A, B>(): readonly [Session<A, B>, Session<B, A>] {
  const toFirst = new Mailbox<B>();
  const toSecond = new Mailbox<A>();
  return [new MemoryEnd<A, B>(toSecond, toFirst), new MemoryEnd<B, A>(toFirst, toSecond)];
}

class MemoryEnd<Out, In> implements Session<Out, In> {
  readonly #peer: Mailbox<Out>;
  readonly #own: Mailbox<In>;
  #queue: Out[] = [];
  #closing = false;

  constructor(peer: Mailbox<Out>, own: Mailbox<In>) {
    this.#peer = peer;
    this.#own = own;
  }

  send(message: Out): void {
    if (this.#closing || this.#own.closed) return;
    if (this.#queue.push(message) === 1) queueMicrotask(() => this.#flush());
  }

  onMessage(handler: (message: In) => void): void {
    this.#own.onMessage(handler);
  }

  onClose(handler: (error: Error | undefined) => void): void {
    this.#own.onClose(handler);
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    queueMicrotask(() => {
      this.#flush();
      this.#peer.end(undefined);
      this.#own.end(undefined);
    });
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const message of queue) this.#peer.deliver(message);
  }
}
