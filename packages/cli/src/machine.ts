import { type ExecutorId, executorId } from "@millrace/base";

/**
 * A name for an executor: the machine's, as far as a name may hold it, and a part of its own. That must be new for each
 * process, not its number: a container that was killed comes back as the same machine and the same number, at once.
 */
export function executorName(host: string, part: string): ExecutorId {
  const stem = host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return executorId(`${stem || "executor"}-${part}`);
}
