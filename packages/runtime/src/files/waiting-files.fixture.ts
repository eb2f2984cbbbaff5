import { FileSystems } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";

/** This machine's files with the interface of a server: asynchronous only. */
class WaitingFiles extends LocalFileSystem {
  override readonly blocking = undefined;
}

export function waitingFileSystems(): FileSystems {
  return new FileSystems({ systems: [new WaitingFiles()], directory: process.cwd() });
}
