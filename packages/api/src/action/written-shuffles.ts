import type { ShuffleId, WrittenShuffle } from "@millrace/plan";

/** The shuffles whose output stands, and those that actions are writing: two never write the same shuffle at a time. */
export class WrittenShuffles {
  readonly #written = new Set<ShuffleId>();
  /** Settles with the action that writes it, whatever becomes of it. */
  readonly #writing = new Map<ShuffleId, Promise<void>>();

  /** Plans leave out their stages. */
  get all(): ReadonlySet<ShuffleId> {
    return this.#written;
  }

  has(id: ShuffleId): boolean {
    return this.#written.has(id);
  }

  /** The output of this one stands from now on. */
  add(id: ShuffleId): void {
    this.#written.add(id);
  }

  /** The output of this one goes. */
  delete(id: ShuffleId): void {
    this.#written.delete(id);
  }

  /** For each of these shuffles that an action is writing: when it is done. */
  busy(shuffles: readonly WrittenShuffle[]): Promise<void>[] {
    return shuffles.flatMap(({ id }) => this.#writing.get(id) ?? []);
  }

  /** An action is about to write these. @returns Lets others have them: written, or to be written by them. */
  reserve(shuffles: readonly WrittenShuffle[]): () => void {
    if (shuffles.length === 0) return () => {};
    let settle = (): void => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    for (const { id } of shuffles) this.#writing.set(id, settled);
    return () => {
      for (const { id } of shuffles) this.#writing.delete(id);
      settle();
    };
  }
}
