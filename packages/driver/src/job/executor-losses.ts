import { type ExecutorId, fromWireError, type WarningSink, type WireError, warningOf } from "@millrace/base";
import { executorGone } from "./executors.ts";

/** Why executors of a job were lost. Whoever started a process may know more than its broken connection says. */
export class ExecutorLosses {
  readonly #warnings: WarningSink;
  readonly #reasons = new Map<ExecutorId, WireError>();

  constructor(warnings: WarningSink) {
    this.#warnings = warnings;
  }

  /** Its process has ended, for this reason: reported at once. */
  explain(executor: ExecutorId, error: WireError): void {
    this.#reasons.set(executor, error);
    this.#warnings.warn(warningOf(error.message, { subject: executor }));
  }

  /**
   * Its connection has ended. `left`: it was told to end, which is no failure.
   *
   * @returns The best reason there is; reported, unless it has been or is no failure.
   */
  errorOf(executor: ExecutorId, cause: Error | undefined, left: boolean): Error {
    const reason = this.#reasons.get(executor);
    if (reason !== undefined) return fromWireError(reason);
    const error = executorGone(executor, cause, left);
    if (!left) this.#warnings.warn(warningOf(error.message, { subject: executor }));
    return error;
  }

  /** It is back. */
  forget(executor: ExecutorId): void {
    this.#reasons.delete(executor);
  }
}
