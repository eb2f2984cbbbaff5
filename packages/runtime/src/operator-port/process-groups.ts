/** Kills every process of the group. One that is gone already is what was wanted. */
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
 * A process that is killed by SIGKILL runs no code, so whoever started that process keeps a list of its own.
 */
export class ProcessGroups {
  readonly #groups = new Set<number>();

  started(group: number): void {
    this.#groups.add(group);
  }

  ended(group: number): void {
    this.#groups.delete(group);
  }

  /** Ends all that are left, and gives them. */
  endAll(): readonly number[] {
    const groups = [...this.#groups];
    this.#groups.clear();
    for (const group of groups) endGroup(group);
    return groups;
  }
}
