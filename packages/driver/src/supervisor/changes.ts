import { type Deferred, deferred } from "@millrace/base";

/** Tells those who look at something that it may have changed. */
export class Changes {
  #next: Deferred<void> = deferred();

  /** Resolves with the next change. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  fire(): void {
    const { resolve } = this.#next;
    this.#next = deferred();
    resolve();
  }

  /** What is seen now, and whenever a change has made it another one; until there is nothing to see. Asked slowly, it skips some. */
  async *seen<T>(look: () => T | undefined): AsyncGenerator<T> {
    let told = "";
    for (;;) {
      const changed = this.next; // before the look, which it may follow at once
      const now = look();
      if (now === undefined) return;
      const text = JSON.stringify(now);
      if (text !== told) {
        told = text;
        yield now;
      } else await changed;
    }
  }
}
