/** Back-pressure on a receiver: closed while the engine is behind, or while too many stored bytes are unconfirmed. */
export class Gate {
  readonly #bytesMax: number;
  #held = false;
  #unconfirmed = 0;
  #waiting: (() => void)[] = [];
  #onChange: ((open: boolean) => void) | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get open(): boolean {
    return !this.#held && this.#unconfirmed < this.#bytesMax;
  }

  /** Called at each change, for sources that are paused and resumed. */
  onChange(listener: ((open: boolean) => void) | undefined): void {
    this.#onChange = listener;
  }

  hold(held: boolean): void {
    this.#change(() => {
      this.#held = held;
    });
  }

  sent(bytes: number): void {
    this.#change(() => {
      this.#unconfirmed += bytes;
    });
  }

  confirmed(bytes: number): void {
    this.#change(() => {
      this.#unconfirmed -= bytes;
    });
  }

  /** Resolves at once while open, else when it opens. */
  async pass(): Promise<void> {
    while (!this.open) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #change(apply: () => void): void {
    const before = this.open;
    apply();
    if (this.open === before) return;
    this.#onChange?.(this.open);
    if (!this.open) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
