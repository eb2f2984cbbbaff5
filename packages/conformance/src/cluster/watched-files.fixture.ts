import type { BlockingAppender, BlockingFiles, Location } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";

/** A change that the job's driver makes to a file system. */
export interface FileStep {
  readonly type: "write" | "append" | "publish" | "makeDirectory" | "remove" | "sync";
  readonly path: Location;
  readonly when: "before" | "after";
}

/** The file system of a killed process: it answers nothing. */
const never = new Promise<never>(() => undefined);

/** This machine's files as a process has them that a test may kill before and after each change. */
export class WatchedFiles extends LocalFileSystem {
  override readonly blocking: BlockingFiles;
  readonly #see: (step: FileStep) => void;
  readonly #isDead: () => boolean;

  constructor(see: (step: FileStep) => void, isDead: () => boolean) {
    super();
    this.#see = see;
    this.#isDead = isDead;
    const { blocking } = new LocalFileSystem();
    if (blocking?.append === undefined) throw new Error("local files can be appended to");
    const { append } = blocking;
    this.blocking = { ...blocking, append: (file) => this.#watched(file, append(file)) };
  }

  override write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    return this.#change("write", file, () => super.write(file, parts));
  }

  override async writeNew(file: Location, parts: readonly Uint8Array[]): Promise<boolean> {
    let won = false;
    await this.#change("write", file, async () => {
      won = await super.writeNew(file, parts);
    });
    return won;
  }

  override publish(staged: Location, target: Location): Promise<void> {
    return this.#change("publish", target, () => super.publish(staged, target));
  }

  override makeDirectory(directory: Location): Promise<void> {
    return this.#change("makeDirectory", directory, () => super.makeDirectory(directory));
  }

  override remove(path: Location): Promise<void> {
    return this.#change("remove", path, () => super.remove(path));
  }

  override sync(files: readonly Location[], root: Location): Promise<void> {
    return this.#change("sync", files[0] ?? root, () => super.sync(files, root));
  }

  async #change(type: FileStep["type"], path: Location, deed: () => Promise<void>): Promise<void> {
    this.#see({ type, path, when: "before" });
    if (this.#isDead()) return never;
    await deed();
    this.#see({ type, path, when: "after" });
    if (this.#isDead()) return never;
  }

  #watched(file: Location, appender: BlockingAppender): BlockingAppender {
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
      sync: () => {
        this.#see({ type: "sync", path: file, when: "before" });
        dead();
        appender.sync?.();
        this.#see({ type: "sync", path: file, when: "after" });
        dead();
      },
      close: () => appender.close(),
    };
  }
}
