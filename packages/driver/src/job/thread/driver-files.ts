import { resolve } from "node:path";
import type { DriverFiles, FileEntry } from "@millrace/api/host";
import { EngineError } from "@millrace/base";
import { type FileStat, fileNotFound, fileWrongKind, LocalFileSystem, localPath } from "@millrace/storage";

/** The files of this machine, as the driver's side of a job sees them. Errors are those of {@link LocalFileSystem}. */
export class DriverFileSystem implements DriverFiles {
  readonly #files = new LocalFileSystem();

  resolve(path: string): string {
    return resolve(localPath(path));
  }

  async stat(path: string): Promise<FileEntry | undefined> {
    const found = await this.#files.stat(path);
    return found && entryOf(path, found);
  }

  async list(directory: string): Promise<readonly FileEntry[] | undefined> {
    try {
      return (await this.#files.list(directory)).map((entry) => entryOf(entry.path, entry));
    } catch (error) {
      if (error instanceof EngineError && NO_DIRECTORY.includes(error.code)) return undefined;
      throw error;
    }
  }

  makeDirectory(path: string): Promise<void> {
    return this.#files.mkdir(path);
  }

  writeFile(path: string, content: Uint8Array): Promise<void> {
    return this.#files.write(path, [content]);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#files.rename(from, to);
  }

  remove(path: string): Promise<void> {
    return this.#files.remove(path);
  }
}

const NO_DIRECTORY: readonly string[] = [fileNotFound.code, fileWrongKind.code];

function entryOf(path: string, { kind, bytes, modifiedMs, version, problem }: FileStat): FileEntry {
  const entry = { path, kind, bytes, modifiedMs, version };
  return problem === undefined ? entry : { ...entry, problem };
}
