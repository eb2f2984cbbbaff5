import type { Cancellation } from "../ports.ts";

/** Thrown through user code to end a cancelled task; never reported as a failure. */
export class TaskCancelled extends Error {
  override readonly name = "TaskCancelled";

  constructor() {
    super("the task was cancelled");
  }
}

/** Whether the running task has been cancelled. */
export class TaskControl {
  readonly #cancellation: Cancellation;
  readonly #onCheck: () => void;

  /** @param onCheck Called at every check: for periodic reports of a running task. */
  constructor(cancellation: Cancellation, onCheck: () => void) {
    this.#cancellation = cancellation;
    this.#onCheck = onCheck;
  }

  /** @throws TaskCancelled */
  check(): void {
    this.#onCheck();
    if (this.#cancellation.cancelled()) throw new TaskCancelled();
  }
}
