import { FileSystems } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";

/** This machine's files as those of a server: whoever uses them has to wait. */
class WaitingFiles extends LocalFileSystem {
  override readonly blocking = undefined;
}

export function waitingFileSystems(): FileSystems {
  return new FileSystems({ systems: [new WaitingFiles()], directory: process.cwd() });
}
