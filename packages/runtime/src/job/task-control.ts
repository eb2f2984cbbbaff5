import type { Cancellation } from "../ports.ts";

/** Thrown through user code to end a cancelled task; never reported as a failure. */
export class TaskCancelled extends Error {
  override readonly name = "TaskCancelled";

  constructor() {
    super("the task was cancelled");
  }
}

/** Whether the running task is still wanted. */
export class TaskControl {
  readonly #cancellation: Cancellation;

  constructor(cancellation: Cancellation) {
    this.#cancellation = cancellation;
  }

  /** @throws TaskCancelled */
  check(): void {
    if (this.#cancellation.cancelled()) throw new TaskCancelled();
  }
}
