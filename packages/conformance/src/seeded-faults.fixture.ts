import { type Rng, SeededRng } from "@millrace/base";
import type { Faults } from "@millrace/testing/faults";

/** Attempts of a task that may fail: fewer than the engine makes. */
const FAILURES_MAX = 2;
/** Executors that one job may lose: a task fails for good after four losses in a row. */
const LOSSES_MAX = 3;

/** Faults by chance, the same for a seed. */
export class SeededFaults implements Faults {
  fired = 0;
  readonly #rng: Rng;
  /** By itself, so that it draws alike whatever else goes wrong. */
  readonly #memory: Rng;
  #callsLeft = Number.POSITIVE_INFINITY;
  #losses = 0;

  constructor(seed: number) {
    this.#rng = new SeededRng(seed);
    this.#memory = new SeededRng(seed + 1);
  }

  onStart({ task }: Parameters<Faults["onStart"]>[0]): void {
    const fails = task.attempt < FAILURES_MAX && this.#rng.next() < 0.3;
    this.#callsLeft = fails ? this.#rng.int(6) : Number.POSITIVE_INFINITY;
  }

  /** From none at all to plenty. */
  spillBytes(): number {
    return Math.floor(2 ** (20 * this.#memory.next()));
  }

  onCall(): void {
    this.#callsLeft -= 1;
    if (this.#callsLeft >= 0) return;
    this.fired += 1;
    throw new Error("a fault in the middle of a task");
  }

  onSuccess({ task }: Parameters<Faults["onSuccess"]>[0]): ReturnType<Faults["onSuccess"]> {
    const chance = this.#rng.next();
    if (task.attempt >= FAILURES_MAX || chance > 0.15) return "nothing";
    const executor = chance < 0.03 && this.#losses < LOSSES_MAX;
    if (executor) this.#losses += 1;
    this.fired += 1;
    return executor ? "executor" : "task";
  }
}
