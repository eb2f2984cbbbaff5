/** Limits the total weight of concurrent work, first come first served. */
export class Semaphore {
  #free: number;
  readonly #capacity: number;
  readonly #waiting: { readonly weight: number; readonly start: () => void }[] = [];

  constructor(capacity: number) {
    this.#free = capacity;
    this.#capacity = capacity;
  }

  /** Work heavier than the limit runs alone. The result releases what was acquired. */
  async acquire(weight: number): Promise<() => void> {
    const taken = Math.min(weight, this.#capacity);
    if (this.#waiting.length > 0 || this.#free < taken) {
      await new Promise<void>((start) => this.#waiting.push({ weight: taken, start }));
    } else {
      this.#free -= taken;
    }
    return () => this.#release(taken);
  }

  #release(weight: number): void {
    this.#free += weight;
    for (let next = this.#waiting[0]; next !== undefined && next.weight <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.weight;
      next.start();
    }
  }
}
