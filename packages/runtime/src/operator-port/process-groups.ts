/** Kills every process of the group. A missing group is no error. */
export function endGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // No process of the group is left.
  }
}

/**
 * Process groups that end with whatever started them: a slot's thread, a process.
 *
 * A process killed with SIGKILL runs no code, so its parent keeps a list of its own.
 */
export class ProcessGroups {
  readonly #groups = new Set<number>();

  started(group: number): void {
    this.#groups.add(group);
  }

  ended(group: number): void {
    this.#groups.delete(group);
  }

  /** Kills all remaining groups, and returns them. */
  endAll(): readonly number[] {
    const groups = [...this.#groups];
    this.#groups.clear();
    for (const group of groups) endGroup(group);
    return groups;
  }
}
