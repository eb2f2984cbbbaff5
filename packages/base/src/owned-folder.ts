import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fateOf, type ProcessIdentity, processIdentity } from "./process-identity.ts";

/** Says in a folder which process it belongs to. */
const OWNER = "owner.json";

/**
 * Creates a folder that goes with this process, and says so in it: {@link sweepFolders} removes it if this process could not.
 *
 * @returns False if it belongs to another process that runs: nothing was changed.
 */
export function ownFolder(folder: string): boolean {
  const owner = ownerOf(folder);
  if (owner !== undefined && owner.pid !== process.pid && fateOf(owner) === "alive") return false;
  mkdirSync(folder, { recursive: true });
  const written = join(folder, `.${OWNER}.${process.pid}`);
  writeFileSync(written, JSON.stringify(processIdentity(process.pid)));
  renameSync(written, join(folder, OWNER)); // a sweep beside this reads the whole of it
  return true;
}

/**
 * Removes folders whose processes were killed. One whose process runs, or ran on another machine or in another container, or that does not say whose it is,
 * stays; so does one of another user, who sweeps it.
 *
 * @param named Which of the folders in `parent` may be removed.
 * @returns Their names.
 */
export function sweepFolders(parent: string, named: (name: string) => boolean = () => true): readonly string[] {
  return namesIn(parent).filter((name) => {
    const folder = join(parent, name);
    const owner = named(name) ? ownerOf(folder) : undefined;
    if (owner === undefined || fateOf(owner) !== "dead") return false;
    try {
      rmSync(folder, { recursive: true, force: true });
      return true;
    } catch {
      return false; // another process sweeps it at this moment, or it is not ours to remove
    }
  });
}

function namesIn(parent: string): readonly string[] {
  try {
    return readdirSync(parent);
  } catch {
    return []; // whoever uses it says what is wrong
  }
}

function ownerOf(folder: string): ProcessIdentity | undefined {
  try {
    const { host, machine, pid, start }: Partial<ProcessIdentity> = JSON.parse(
      readFileSync(join(folder, OWNER), "utf8"),
    );
    if (typeof host !== "string" || typeof machine !== "string") return undefined;
    return typeof pid === "number" && typeof start === "string" ? { host, machine, pid, start } : undefined;
  } catch {
    return undefined; // no folder of this kind
  }
}
