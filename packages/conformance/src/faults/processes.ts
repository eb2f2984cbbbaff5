import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FAULTS_VARIABLE, type ProcessKind } from "./fault.ts";

/** The processes under test that are there. @param directory That of the faults. */
export function processesOf(directory: string): readonly { readonly pid: number; readonly kind: ProcessKind }[] {
  const folder = join(directory, "processes");
  return readdirSync(folder).flatMap((pid) => {
    const file = join(folder, pid);
    const kind = isOurs(pid, directory) ? kindIn(file) : undefined;
    if (kind !== undefined) return [{ pid: Number(pid), kind }];
    rmSync(file, { force: true });
    return [];
  });
}

/** As the process has written it; `undefined`: somebody else has found that it has ended. */
function kindIn(file: string): ProcessKind | undefined {
  try {
    return readFileSync(file, "utf8") as ProcessKind;
  } catch {
    return undefined;
  }
}

/** A number may by now be that of a process that has nothing to do with the test. */
function isOurs(pid: string, directory: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`${FAULTS_VARIABLE}=${directory}\0`);
  } catch {
    return !existsSync("/proc/self/environ"); // another system than Linux does not tell
  }
}

/** False: it has ended before. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
