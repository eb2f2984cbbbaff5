const tasks: (() => Promise<unknown> | unknown)[] = [];

/** Done when the test is over, the newest first. */
export function later(task: () => Promise<unknown> | unknown): void {
  tasks.push(task);
}

/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const task of tasks.splice(0).reverse()) await task();
}
