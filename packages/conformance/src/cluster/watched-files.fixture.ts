import type {
  BlockingAppender,
  BlockingFiles,
  ByteRange,
  FileEntry,
  FileReader,
  FileStat,
  FileSystem,
  FileWriter,
  Location,
} from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";

/** A change that the job's driver makes to a file system. */
export interface FileStep {
  readonly type: "write" | "append" | "publish" | "makeDirectory" | "remove";
  readonly path: Location;
  readonly when: "before" | "after";
}

/** The file system of a killed process: it answers nothing. */
const never = new Promise<never>(() => undefined);

/** This machine's files as a process has them that a test may kill before and after each change. */
export class WatchedFiles implements FileSystem {
  readonly scheme = "file";
  readonly blocking: BlockingFiles;
  readonly #files = new LocalFileSystem();
  readonly #see: (step: FileStep) => void;
  readonly #isDead: () => boolean;

  constructor(see: (step: FileStep) => void, isDead: () => boolean) {
    this.#see = see;
    this.#isDead = isDead;
    const { blocking } = this.#files;
    if (blocking === undefined) throw new Error("local files have blocking calls");
    this.blocking = { ...blocking, append: (file) => this.#append(file) };
  }

  list(directory: Location): AsyncIterable<readonly FileEntry[]> {
    return this.#files.list(directory);
  }

  stat(path: Location): Promise<FileStat | undefined> {
    return this.#files.stat(path);
  }

  read(file: Location, range?: ByteRange): Promise<Uint8Array> {
    return this.#files.read(file, range);
  }

  open(file: Location): Promise<FileReader> {
    return this.#files.open(file);
  }

  create(file: Location): Promise<FileWriter> {
    return this.#files.create(file);
  }

  write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    return this.#change("write", file, () => this.#files.write(file, parts));
  }

  publish(staged: Location, target: Location): Promise<void> {
    return this.#change("publish", target, () => this.#files.publish(staged, target));
  }

  makeDirectory(directory: Location): Promise<void> {
    return this.#change("makeDirectory", directory, () => this.#files.makeDirectory(directory));
  }

  remove(path: Location): Promise<void> {
    return this.#change("remove", path, () => this.#files.remove(path));
  }

  async #change(type: FileStep["type"], path: Location, deed: () => Promise<void>): Promise<void> {
    this.#see({ type, path, when: "before" });
    if (this.#isDead()) return never;
    await deed();
    this.#see({ type, path, when: "after" });
    if (this.#isDead()) return never;
  }

  #append(file: Location): BlockingAppender {
    const appender = this.#files.blocking?.append?.(file);
    if (appender === undefined) throw new Error("local files can be appended to");
    const dead = (): void => {
      if (this.#isDead()) throw new Error("the process is dead"); // nobody sees it
    };
    return {
      path: file,
      append: (chunk) => {
        this.#see({ type: "append", path: file, when: "before" });
        dead();
        appender.append(chunk);
        this.#see({ type: "append", path: file, when: "after" });
        dead();
      },
      close: () => appender.close(),
    };
  }
}
