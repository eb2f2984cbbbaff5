/**
 * Deeds that only the owner of the checkpoint directory may do, on the main thread. Each waits for a proof that was begun after it was
 * asked for: one proof at a time, for all that wait.
 */
export class OwnerProof {
  readonly #ask: () => void;
  /** Bound: the blocks that receivers may have under way. */
  #waiting: (() => void)[] = [];
  /** Wait for the proof that was asked for. */
  #asked: readonly (() => void)[] | undefined;

  /** @param ask Asks the job's thread, which has the lease; answered by {@link proved}, or never, and the job ends. */
  constructor(ask: () => void) {
    this.#ask = ask;
  }

  /** Done once this process is known to be the owner, in the order of the calls. */
  asOwner(deed: () => void): void {
    this.#waiting.push(deed);
    this.#next();
  }

  proved(): void {
    const deeds = this.#asked ?? [];
    this.#asked = undefined;
    for (const deed of deeds) deed();
    this.#next();
  }

  #next(): void {
    if (this.#asked !== undefined || this.#waiting.length === 0) return;
    this.#asked = this.#waiting;
    this.#waiting = [];
    this.#ask();
  }
}
