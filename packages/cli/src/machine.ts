import { homedir, totalmem } from "node:os";
import { join } from "node:path";

/** Memory this process may use: the limit of its cgroup (a container's), else that of the machine. */
export function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

/** An executor's share by default: the rest is for its supervisor, the kernel's caches and what else runs there. */
export function executorMemory(): number {
  return Math.floor(memoryLimit() * 0.75);
}

/** Bundles of unchanged jobs are kept here, by content. */
export function bundleCacheDir(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "millrace", "bundles");
}
