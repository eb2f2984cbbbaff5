import { type ExecutorId, executorId } from "@millrace/base";

/**
 * A name for an executor: the machine's name, as far as it is valid, and a distinguishing part. That part must be new
 * for each process; a pid will not do, since a killed container comes back at once as the same machine with the same
 * pid.
 */
export function executorName(host: string, part: string): ExecutorId {
  const stem = host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return executorId(`${stem || "executor"}-${part}`);
}
