import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownFolder, sweepFolders, usableDirectory } from "@millrace/base";

const PREFIXES = { run: "millrace-run-", check: "millrace-check-" } as const;

/**
 * Makes a folder for this process in the system's temporary directory. What other runs left there that were killed is removed.
 *
 * @throws DIRECTORY_UNUSABLE
 */
export async function temporaryFolder(what: keyof typeof PREFIXES): Promise<string> {
  usableDirectory(tmpdir(), "TMPDIR");
  sweepFolders(tmpdir(), (name) => Object.values(PREFIXES).some((prefix) => name.startsWith(prefix)));
  const folder = await mkdtemp(join(tmpdir(), PREFIXES[what]));
  ownFolder(folder);
  return folder;
}
