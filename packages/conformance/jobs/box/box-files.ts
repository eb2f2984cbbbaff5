// A file system outside the engine, using only what `millrace` exports: an object store without directories, rename or
// blocking calls, whose listings have small pages. Its server is a directory that all processes see: BOX_ROOT.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import {
  type ByteRange,
  type FileEntry,
  type FileReader,
  type FileStat,
  type FileSystem,
  type FileWriter,
  fileErrors,
  type Location,
  locations,
  registerFileSystem,
  type WrittenContent,
} from "millrace";

const PAGE_ENTRIES = 7;
const DIRECTORY: FileStat = { kind: "directory", bytes: 0, modifiedMs: 0, version: "" };

interface Stored {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
  readonly etag: string;
}

/** `box://bucket/key`: an object is a file of the bucket's folder; a directory is a key that ends with a slash. */
export class BoxFiles implements FileSystem {
  readonly scheme = "box";
  readonly #root: string;
  #puts = 0;

  constructor(root: string) {
    this.#root = root;
  }

  async *list(directory: Location): AsyncGenerator<readonly FileEntry[], void, undefined> {
    if ((await this.#get(directory)) !== undefined)
      throw fileErrors.wrongKind(`${directory} is an object. List a directory.`);
    const prefix = below(directory);
    const keys = (await this.#keys(directory)).filter((key) => key.startsWith(prefix));
    if (keys.length === 0 && prefix !== "") throw notFound("list", directory);
    const names = [...new Set(keys.map((key) => key.slice(prefix.length).split("/")[0] ?? ""))].filter(
      (name) => name !== "",
    );
    for (let at = 0; at < names.length; at += PAGE_ENTRIES) {
      const page: FileEntry[] = [];
      for (const name of names.slice(at, at + PAGE_ENTRIES)) {
        const path = locations.within(directory, name);
        const found = await this.stat(path);
        if (found !== undefined) page.push({ ...found, name, path });
      }
      yield page;
    }
  }

  async stat(path: Location): Promise<FileStat | undefined> {
    const object = await this.#get(path);
    if (object !== undefined) {
      return { kind: "file", bytes: object.bytes.length, modifiedMs: object.modifiedMs, version: object.etag };
    }
    const prefix = below(path);
    const any = prefix === "" || (await this.#keys(path)).some((key) => key.startsWith(prefix));
    return any ? DIRECTORY : undefined;
  }

  async read(file: Location, range?: ByteRange): Promise<Uint8Array> {
    const { bytes } = await this.#object("read", file);
    return bytes.slice(range?.start ?? 0, range?.end ?? bytes.length);
  }

  async open(file: Location): Promise<FileReader> {
    const { bytes, etag } = await this.#object("open", file);
    return {
      path: file,
      bytes: bytes.length,
      version: async () => etag,
      read: async (target, position) => {
        const piece = bytes.subarray(position, position + target.length);
        target.set(piece);
        return piece.length;
      },
      close: async () => {},
    };
  }

  async write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    await this.#put(file, parts);
  }

  async create(file: Location): Promise<FileWriter> {
    return new BoxWriter(file, (parts) => this.#put(file, parts));
  }

  /** Object by object, `_SUCCESS` last: nothing here can be renamed. */
  async publish(staged: Location, target: Location): Promise<void> {
    const object = await this.#get(staged);
    if (object !== undefined) {
      await this.#put(target, [object.bytes]);
      return this.remove(staged);
    }
    const [from, to] = [below(staged), below(target)];
    const all = await this.#keys(staged);
    const keys = all.filter((key) => key.startsWith(from));
    if (keys.length === 0) throw notFound("publish", staged);
    if (all.some((key) => key.startsWith(to) && key !== to)) {
      throw fileErrors.exists(`could not publish ${staged}: there are objects below ${target}. Remove them first.`);
    }
    keys.sort((a, b) => Number(a.endsWith("/_SUCCESS")) - Number(b.endsWith("/_SUCCESS")));
    const root = locations.rootOf(staged);
    for (const key of keys) {
      const bytes = await readFile(this.#pathOf(root, key));
      await this.#put(locations.within(root, to + key.slice(from.length)), [bytes]);
    }
    await this.remove(staged);
  }

  async makeDirectory(directory: Location): Promise<void> {
    const root = locations.rootOf(directory);
    if (directory !== root) await this.#put(locations.within(root, below(directory)), []);
  }

  async remove(path: Location): Promise<void> {
    const root = locations.rootOf(path);
    const [key, prefix] = [keyOf(path), below(path)];
    for (const each of await this.#keys(path)) {
      if (each === key || each.startsWith(prefix)) await rm(this.#pathOf(root, each), { force: true });
    }
  }

  async #object(what: string, file: Location): Promise<Stored> {
    const object = await this.#get(file);
    if (object !== undefined) return object;
    if ((await this.stat(file)) === undefined) throw notFound(what, file);
    throw fileErrors.wrongKind(`could not ${what} ${file}: it is a directory. Name an object.`);
  }

  async #get(file: Location): Promise<Stored | undefined> {
    const path = this.#pathOf(locations.rootOf(file), keyOf(file));
    if (keyOf(file) === "") return undefined;
    try {
      const [bytes, { mtimeMs }] = await Promise.all([readFile(path), stat(path)]);
      return { bytes, modifiedMs: mtimeMs, etag: etagOf(bytes) };
    } catch {
      return undefined;
    }
  }

  async #put(file: Location, parts: readonly Uint8Array[]): Promise<WrittenContent> {
    const root = locations.rootOf(file);
    const [bytes, folder] = [Buffer.concat(parts), this.#folderOf(root)];
    const temporary = join(this.#root, `${process.pid}-${threadId}-${this.#puts++}`);
    await mkdir(folder, { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, this.#pathOf(root, file.slice(root.length + 1)));
    return { bytes: bytes.length, token: etagOf(bytes) };
  }

  async #keys(location: Location): Promise<string[]> {
    const names = await readdir(this.#folderOf(locations.rootOf(location))).catch(() => []);
    return names.map(decodeURIComponent);
  }

  #folderOf(root: Location): string {
    return join(this.#root, encodeURIComponent(root));
  }

  #pathOf(root: Location, key: string): string {
    return join(this.#folderOf(root), encodeURIComponent(key));
  }
}

class BoxWriter implements FileWriter {
  readonly path: Location;
  bytes = 0;
  readonly #parts: Uint8Array[] = [];
  readonly #put: (parts: readonly Uint8Array[]) => Promise<WrittenContent>;

  constructor(path: Location, put: (parts: readonly Uint8Array[]) => Promise<WrittenContent>) {
    this.path = path;
    this.#put = put;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.length;
    this.#parts.push(new Uint8Array(chunk));
  }

  close(): Promise<WrittenContent> {
    return this.#put(this.#parts);
  }

  async abandon(): Promise<void> {
    this.#parts.length = 0;
  }
}

const etagOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function keyOf(location: Location): string {
  return location.slice(locations.rootOf(location).length + 1);
}

/** The prefix of the keys in a directory. */
function below(directory: Location): string {
  const key = keyOf(directory);
  return key === "" ? "" : `${key}/`;
}

function notFound(what: string, path: Location) {
  return fileErrors.notFound(`could not ${what} ${path}: nothing is there. Check the bucket and the key.`, {
    fields: { path },
  });
}

const { BOX_ROOT = "box" } = process.env;
registerFileSystem("box", () => new BoxFiles(BOX_ROOT));
