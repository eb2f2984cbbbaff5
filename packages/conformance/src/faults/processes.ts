import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FAULTS_VARIABLE, type ProcessKind } from "./fault.ts";

/** The processes under test that are there. @param directory That of the faults. */
export function processesOf(directory: string): readonly { readonly pid: number; readonly kind: ProcessKind }[] {
  const folder = join(directory, "processes");
  return readdirSync(folder).flatMap((file) => {
    if (isOurs(file, directory)) {
      const kind = readFileSync(join(folder, file), "utf8") as ProcessKind; // as the process has written it
      return [{ pid: Number(file), kind }];
    }
    rmSync(join(folder, file), { force: true });
    return [];
  });
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
