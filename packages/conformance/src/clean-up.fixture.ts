const tasks: (() => Promise<unknown> | unknown)[] = [];

/** Done when the test is over, the newest first. */
export function later(task: () => Promise<unknown> | unknown): void {
  tasks.push(task);
}

/**
 * For `afterEach`.
 *
 * @throws What tasks have thrown, when all are done: a directory that cannot be removed leaves no process behind.
 */
export async function cleanUp(): Promise<void> {
  const errors: unknown[] = [];
  for (const task of tasks.splice(0).reverse()) {
    try {
      await task();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, "several things could not be cleaned up");
}
