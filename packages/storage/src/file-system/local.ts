import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { changingFile } from "@millrace/base";
import {
  type BlockingFiles,
  type ByteRange,
  type FileAccess,
  type FileEntry,
  type FileKind,
  type FileReader,
  type FileStat,
  type FileSystem,
  FileSystems,
  type FileWriter,
  type Location,
  loadInstalled,
  localVersion,
  parentOf,
  readByOpening,
  type WrittenContent,
  within,
} from "@millrace/files";
import { localBlockingFiles, temporaryOf } from "./local-blocking.ts";
import { fileError, systemCode } from "./system-error.ts";

/** Entries whose size and time are requested concurrently: a page of a listing. */
const PAGE_ENTRIES = 32;

/** Node decodes bytes of a name that are not UTF-8 as U+FFFD, and finds nothing at such a path. */
const UNNAMEABLE: FileStat = { kind: "unnameable", bytes: 0, modifiedMs: 0, version: "" };
const DANGLING: FileStat = { ...UNNAMEABLE, kind: "dangling" };

/** Failures of the process or the machine, which are not about the entry. */
const NOT_OF_ENTRY: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

/** Codes of systems on which the entries of a directory cannot be made durable, or are in any case. */
const NO_DIRECTORY_SYNC: ReadonlySet<string> = new Set(["EINVAL", "EPERM", "EISDIR", "ENOTSUP"]);

/** Codes of file systems that do not have links, as those of cards and of some other machines. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** This machine's own files. When a directory is listed, all names are in memory, with the details of one page. */
export class LocalFileSystem implements FileSystem {
  readonly scheme = "file";
  readonly blocking: BlockingFiles | undefined = localBlockingFiles;

  async *list(directory: Location): AsyncGenerator<readonly FileEntry[], void, undefined> {
    const names = await attempt("list", directory, fs.readdir(directory));
    for (let i = 0; i < names.length; i += PAGE_ENTRIES) {
      const some = names.slice(i, i + PAGE_ENTRIES);
      const stats = await Promise.all(some.map((name) => this.#entryStat(directory, name)));
      const page: FileEntry[] = [];
      some.forEach((name, j) => {
        const stat = stats[j];
        if (stat !== undefined) page.push({ name, path: within(directory, name), ...stat });
      });
      yield page;
    }
  }

  /** `undefined`: it was removed while the directory was listed. */
  async #entryStat(directory: Location, name: string): Promise<FileStat | undefined> {
    const path = within(directory, name);
    let stat: FileStat | undefined;
    try {
      stat = await statOf(path);
    } catch (error) {
      const problem = systemCode(error);
      const ofEntry = problem !== undefined && !NOT_OF_ENTRY.has(problem) && (await isSearchable(directory));
      if (!ofEntry) throw fileError("examine", path, error);
      return { ...UNNAMEABLE, kind: "unreachable", problem };
    }
    if (stat !== undefined) return stat;
    if (name.includes("\ufffd")) return UNNAMEABLE;
    const link = await fs.lstat(path).catch(() => undefined);
    return link?.isSymbolicLink() === true ? DANGLING : undefined;
  }

  async probe(path: Location, access: FileAccess): Promise<void> {
    let there = path;
    while (access === "write" && (await statOf(there)) === undefined) there = parentOf(there);
    await attempt(access, path, fs.access(there, access === "read" ? fs.constants.R_OK : fs.constants.W_OK));
  }

  stat(path: Location): Promise<FileStat | undefined> {
    return attempt("examine", path, statOf(path));
  }

  read(file: Location, range?: ByteRange): Promise<Uint8Array> {
    return readByOpening(this, file, range);
  }

  async open(file: Location): Promise<FileReader> {
    const handle = await attempt("open", file, fs.open(file, "r"));
    try {
      const stat = await handle.stat();
      // Opening a directory succeeds on Linux; only reading it fails, with a less clear message.
      if (stat.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
      return new LocalReader(file, handle, stat.size);
    } catch (error) {
      await handle.close();
      throw fileError("open", file, error);
    }
  }

  async write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    const temporary = temporaryOf(file);
    try {
      await writeWhole(temporary, "w", parts);
      await rename(temporary, file);
    } catch (error) {
      await fs.rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
      throw fileError("write", file, error);
    }
  }

  async writeNew(file: Location, parts: readonly Uint8Array[]): Promise<boolean> {
    const temporary = temporaryOf(file);
    try {
      await writeWhole(temporary, "w", parts);
      return await namedUnlessTaken(temporary, file, parts);
    } catch (error) {
      throw fileError("write", file, error);
    } finally {
      await fs.rm(temporary, { force: true }).catch(() => {}); // it is under its own name, or the error is on its way
    }
  }

  async link(file: Location, name: Location): Promise<void> {
    try {
      await linkMakingParents(file, name);
    } catch (error) {
      const copies = NO_LINKS.has(systemCode(error) ?? "") || systemCode(error) === "EXDEV";
      if (!copies) throw fileError(`link as ${name}`, file, error);
      await attempt(`copy to ${name}`, file, fs.copyFile(file, name, fs.constants.COPYFILE_EXCL));
    }
  }

  async create(file: Location): Promise<FileWriter> {
    return new LocalWriter(file, await attempt("create", file, openToWrite(file, "w")));
  }

  /** A single rename. */
  async publish(staged: Location, target: Location): Promise<void> {
    await attempt(`publish as ${target} the file or directory staged at`, staged, rename(staged, target));
  }

  async sync(files: readonly Location[], root: Location): Promise<void> {
    await Promise.all(files.map((file) => attempt("make durable", file, synced(file, "r+"))));
    for (const directory of directoriesAbove(files, root)) {
      await attempt("make durable the entries of", directory, synced(directory, "r"));
    }
  }

  async makeDirectory(directory: Location): Promise<void> {
    await attempt("make the directory", directory, makeDirectories(directory));
  }

  async remove(path: Location): Promise<void> {
    try {
      changingFile(path);
      await fs.rm(path, { recursive: true, force: true, maxRetries: 2 });
    } catch (error) {
      if (!isNothingThere(error)) throw fileError("remove", path, error);
    }
  }
}

/** The file systems of a process: this machine's, the registered ones, and those of packages installed where it was started. */
export function localFileSystems(): FileSystems {
  return new FileSystems({ systems: [new LocalFileSystem()], directory: process.cwd(), installed: loadInstalled });
}

class LocalReader implements FileReader {
  readonly path: Location;
  readonly bytes: number;
  readonly #handle: fs.FileHandle;

  constructor(path: Location, handle: fs.FileHandle, bytes: number) {
    this.path = path;
    this.bytes = bytes;
    this.#handle = handle;
  }

  async version(): Promise<string> {
    return localVersion(await attempt("examine", this.path, this.#handle.stat({ bigint: true })));
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await attempt(
        "read",
        this.path,
        this.#handle.read(target, filled, target.length - filled, position + filled),
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  close(): Promise<void> {
    return attempt("close", this.path, this.#handle.close());
  }
}

class LocalWriter implements FileWriter {
  readonly path: Location;
  readonly #handle: fs.FileHandle;
  #bytes = 0;

  constructor(path: Location, handle: fs.FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#bytes += chunk.length;
    await attempt("write", this.path, writeAll(this.path, this.#handle, [chunk]));
  }

  async close(): Promise<WrittenContent> {
    try {
      const stat = await attempt("examine", this.path, this.#handle.stat({ bigint: true }));
      return { bytes: Number(stat.size), token: localVersion(stat) };
    } finally {
      await attempt("close", this.path, this.#handle.close());
    }
  }

  async abandon(): Promise<void> {
    await attempt("close", this.path, this.#handle.close());
    await attempt("remove", this.path, fs.rm(this.path, { force: true }));
  }
}

async function synced(path: string, flag: "r" | "r+"): Promise<void> {
  const handle = await fs.open(path, flag);
  try {
    await handle.sync();
  } catch (error) {
    if (flag === "r+" || !NO_DIRECTORY_SYNC.has(systemCode(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}

/** Those of the files, and the ones above them up to the one that has the root, each once. */
function directoriesAbove(files: readonly Location[], root: Location): readonly string[] {
  const found = new Set<string>([root, dirname(root)]);
  for (const file of files) {
    for (let at = dirname(file); at.length > root.length && !found.has(at); at = dirname(at)) found.add(at);
  }
  return [...found];
}

/** `undefined`: nothing exists there. */
async function statOf(path: string): Promise<FileStat | undefined> {
  try {
    const stat = await fs.stat(path, { bigint: true });
    return {
      kind: kindOf(stat),
      bytes: Number(stat.size),
      modifiedMs: Number(stat.mtimeNs) / 1e6,
      version: localVersion(stat),
    };
  } catch (error) {
    if (isNothingThere(error)) return undefined;
    throw error;
  }
}

/**
 * True if entries of a directory can be examined. A directory that is readable but not searchable yields names only.
 */
function isSearchable(directory: string): Promise<boolean> {
  return fs.stat(`${directory}/.`).then(
    () => true,
    () => false,
  );
}

async function attempt<T>(what: string, path: string, deed: Promise<T>): Promise<T> {
  try {
    return await deed;
  } catch (error) {
    throw fileError(what, path, error);
  }
}

/** @param flag `wx` fails if something exists. */
async function writeWhole(path: string, flag: "w" | "wx", parts: readonly Uint8Array[]): Promise<void> {
  const handle = await openMakingParents(path, flag);
  try {
    await writeAll(path, handle, parts);
  } finally {
    await handle.close();
  }
}

/** A link is made only where nothing is. File systems without links create the file empty, and fill it then. */
async function namedUnlessTaken(temporary: string, file: string, parts: readonly Uint8Array[]): Promise<boolean> {
  try {
    changingFile(file);
    await fs.link(temporary, file);
    return true;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (code === "EEXIST") return false;
    if (!NO_LINKS.has(code)) throw error;
  }
  try {
    await writeWhole(file, "wx", parts);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function openToWrite(path: string, flag: "w" | "wx"): Promise<fs.FileHandle> {
  changingFile(path);
  return fs.open(path, flag);
}

async function linkMakingParents(file: string, name: string): Promise<void> {
  try {
    await fs.link(file, name);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    await makeDirectories(dirname(name));
    await fs.link(file, name);
  }
}

/** Opens for writing; the parent is created only if missing, which is rare. */
async function openMakingParents(path: string, flag: "w" | "wx"): Promise<fs.FileHandle> {
  try {
    return await openToWrite(path, flag);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    await makeDirectories(dirname(path));
    return fs.open(path, flag);
  }
}

async function rename(from: string, to: string): Promise<void> {
  changingFile(to);
  await fs.rename(from, to);
}

/**
 * Creates a directory and its missing parents. Node's own `recursive` reports ENOENT on a read-only disk, and never
 * returns where the system reports that for an existing parent, as `/proc` does.
 */
async function makeDirectories(path: string): Promise<void> {
  try {
    changingFile(path);
    await fs.mkdir(path);
  } catch (error) {
    const parent = dirname(path);
    if (systemCode(error) !== "ENOENT" || parent === path) return mustBeDirectory(path, error);
    await makeDirectories(parent);
    await fs.mkdir(path).catch((again: unknown) => mustBeDirectory(path, again));
  }
}

/** An existing directory is no error, whichever code `mkdir` reports for it. */
async function mustBeDirectory(path: string, error: unknown): Promise<void> {
  const stat = await fs.stat(path).catch(() => undefined); // the first error is the one to report
  if (stat?.isDirectory() !== true) throw error;
}

/** `FileHandle.writev` and `write` may write less than requested. */
async function writeAll(path: string, handle: fs.FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts) {
    changingFile(path, part);
    let written = 0;
    while (written < part.length) {
      written += (await handle.write(part, written, part.length - written)).bytesWritten;
    }
  }
}

function kindOf(stat: { isFile(): boolean; isDirectory(): boolean }): FileKind {
  if (stat.isFile()) return "file";
  return stat.isDirectory() ? "directory" : "other";
}

/** ENOTDIR: a part of the path is a file, so nothing exists at the path. */
function isNothingThere(error: unknown): boolean {
  const code = systemCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}
