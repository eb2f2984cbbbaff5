import {
  type FileEntry,
  type FileReader,
  type FileStat,
  type FileSystem,
  type FileWriter,
  fileNotFound,
  fileWrongKind,
  type Location,
  locationFrom,
  nameIn,
  parentOf,
} from "@millrace/files";

/** Files that exist as names and sizes only, to be listed and published, never read. */
export class MemoryFiles implements FileSystem {
  readonly scheme = "file";
  readonly entries = new Map<string, FileEntry>();
  /** The operations so far, in order: `publish /a -> /b`. */
  readonly log: string[] = [];

  add(path: string, options: Partial<Pick<FileStat, "kind" | "bytes" | "modifiedMs">> = {}): void {
    const { kind = "file", bytes = 1, modifiedMs = 0 } = options;
    this.#put(path, { kind, bytes, modifiedMs, version: `${bytes}@${modifiedMs * 1e6}` });
  }

  directory(path: string): void {
    this.#put(path, { kind: "directory", bytes: 0, modifiedMs: 0, version: "" });
  }

  async *list(directory: Location): AsyncGenerator<readonly FileEntry[], void, undefined> {
    const entry = this.entries.get(directory);
    if (directory !== "/" && entry === undefined) throw fileNotFound(`nothing is at ${directory}.`);
    if (entry !== undefined && entry.kind !== "directory") throw fileWrongKind(`${directory} is no directory.`);
    yield [...this.entries.values()].filter(({ path }) => parentOf(path) === directory);
  }

  async stat(path: Location): Promise<FileStat | undefined> {
    return this.entries.get(path);
  }

  async write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    this.log.push(`write ${file}`);
    this.add(file, { bytes: parts.reduce((sum, { length }) => sum + length, 0) });
  }

  async publish(staged: Location, target: Location): Promise<void> {
    this.log.push(`publish ${staged} -> ${target}`);
    if (!this.entries.has(staged)) throw fileNotFound(`nothing is at ${staged}.`);
    for (const [path, entry] of [...this.entries]) {
      if (path !== staged && !path.startsWith(`${staged}/`)) continue;
      this.entries.delete(path);
      this.#put(target + path.slice(staged.length), entry);
    }
  }

  async makeDirectory(directory: Location): Promise<void> {
    this.log.push(`make ${directory}`);
    this.directory(directory);
  }

  async remove(path: Location): Promise<void> {
    let any = false;
    for (const entry of [...this.entries.keys()]) {
      if (entry === path || entry.startsWith(`${path}/`)) any = this.entries.delete(entry) || any;
    }
    if (any) this.log.push(`remove ${path}`);
  }

  read(file: Location): Promise<Uint8Array> {
    return noContent(file);
  }

  open(file: Location): Promise<FileReader> {
    return noContent(file);
  }

  create(file: Location): Promise<FileWriter> {
    return noContent(file);
  }

  #put(text: string, stat: FileStat): void {
    const path = locationFrom(text);
    this.entries.set(path, { ...stat, path, name: nameIn(path) });
  }
}

async function noContent(file: Location): Promise<never> {
  throw fileNotFound(`${file} has no content here.`);
}
