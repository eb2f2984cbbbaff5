import type { ShuffleId, WrittenShuffle } from "@millrace/plan";

/** The shuffles whose output exists, and those that actions are writing: at most one action writes a shuffle at a time. */
export class WrittenShuffles {
  readonly #written = new Set<ShuffleId>();
  /** Resolves when the action that writes the shuffle ends, successful or not. */
  readonly #writing = new Map<ShuffleId, Promise<void>>();

  /** The shuffles whose output exists: plans omit their stages. */
  get all(): ReadonlySet<ShuffleId> {
    return this.#written;
  }

  has(id: ShuffleId): boolean {
    return this.#written.has(id);
  }

  /** Records that the output of a shuffle exists. */
  add(id: ShuffleId): void {
    this.#written.add(id);
  }

  /** Records that the output of a shuffle no longer exists. */
  delete(id: ShuffleId): void {
    this.#written.delete(id);
  }

  /** For each of these shuffles that an action is writing, a promise that resolves when that action ends. */
  busy(shuffles: readonly WrittenShuffle[]): Promise<void>[] {
    return shuffles.flatMap(({ id }) => this.#writing.get(id) ?? []);
  }

  /** Claims shuffles for an action that is about to write them. @returns A function that gives up the claim. */
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
