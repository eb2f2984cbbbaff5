import { randomInt } from "node:crypto";
import { userInfo } from "node:os";
import { threadId } from "node:worker_threads";
import {
  type ByteRange,
  type FileAccess,
  type FileEntry,
  type FileReader,
  type FileStat,
  type FileSystem,
  type FileWriter,
  fileErrors,
  type Location,
  locations,
  readByOpening,
} from "millrace";
import { HdfsRefusal, isNothingThere, isTaken } from "./errors.ts";
import { type HdfsOptions, settingsOf } from "./options.ts";
import { HdfsReader } from "./reader.ts";
import { fieldIn, numberIn, textIn, WebHdfs } from "./web-hdfs.ts";
import { HdfsWriter } from "./writer.ts";

/** A file or directory, with the number that it keeps when it is renamed. */
interface HdfsStat extends FileStat {
  readonly id: number;
}

/** `hdfs dfs -put` writes under such a name, and renames the file when it is complete. */
const COPYING = "._COPYING_";

/** A file system for `hdfs://HOST/path`, by WebHDFS. */
class HdfsFiles implements FileSystem {
  readonly scheme: string;
  readonly #hdfs: WebHdfs;

  constructor(scheme: string, hdfs: WebHdfs) {
    this.scheme = scheme;
    this.#hdfs = hdfs;
  }

  /** Files that are being copied in are left out. */
  async *list(directory: Location): AsyncGenerator<readonly FileEntry[], void, undefined> {
    const stat = await this.#stat("list", directory);
    if (stat === undefined) throw notFound("list", directory);
    if (stat.kind !== "directory") {
      throw fileErrors.wrongKind(`could not list ${directory}: it is a file. Name a directory.`, {
        fields: { path: directory },
      });
    }
    let startAfter = "";
    let remaining: number;
    do {
      const parameters = startAfter === "" ? {} : { startAfter };
      const answer = await this.#hdfs.patiently("list", directory, () =>
        this.#hdfs.ask({ method: "GET", op: "LISTSTATUS_BATCH", path: directory, parameters }),
      );
      const listing = fieldIn(answer, "DirectoryListing");
      const found = fieldIn(fieldIn(fieldIn(listing, "partialListing"), "FileStatuses"), "FileStatus");
      const statuses: readonly unknown[] = Array.isArray(found) ? found : [];
      remaining = numberIn(listing, "remainingEntries");
      const page = statuses.map((status): FileEntry => {
        const name = textIn(status, "pathSuffix");
        const { id: _, ...entry } = statOf(status);
        return { ...entry, name, path: locations.within(directory, name) };
      });
      startAfter = page.at(-1)?.name ?? "";
      yield page.filter(({ name }) => !name.endsWith(COPYING));
    } while (remaining > 0 && startAfter !== "");
  }

  async probe(path: Location, access: FileAccess): Promise<void> {
    await this.#hdfs.once(access, path, async () => {
      let there = path;
      let stat = await this.#statOnce(there);
      while (access === "write" && stat === undefined && there !== locations.rootOf(path)) {
        there = locations.parentOf(there);
        stat = await this.#statOnce(there);
      }
      if (stat === undefined) throw notFound(access, path);
      const isDirectory = stat.kind === "directory";
      const fsaction = access === "read" ? (isDirectory ? "r-x" : "r--") : isDirectory ? "-wx" : "-w-";
      await this.#hdfs.ask({ method: "GET", op: "CHECKACCESS", path: there, parameters: { fsaction } });
    });
  }

  async stat(path: Location): Promise<FileStat | undefined> {
    const stat = await this.#stat("examine", path);
    if (stat === undefined) return undefined;
    const { id: _, ...rest } = stat;
    return rest;
  }

  read(file: Location, range?: ByteRange): Promise<Uint8Array> {
    return readByOpening(this, file, range);
  }

  async open(file: Location): Promise<FileReader> {
    const stat = await this.#stat("open", file);
    if (stat === undefined) throw notFound("open", file);
    if (stat.kind === "directory") {
      throw fileErrors.wrongKind(`could not open ${file}: it is a directory. Name a file.`, { fields: { path: file } });
    }
    return new HdfsReader(this.#hdfs, file, stat.bytes, async () => (await this.#stat("examine", file))?.version ?? "");
  }

  async write(file: Location, parts: readonly Uint8Array[]): Promise<void> {
    await this.#writeBeside(file, parts, async (temporary, stat) => {
      await this.#rename("write", temporary, file, stat, "OVERWRITE");
    });
  }

  async writeNew(file: Location, parts: readonly Uint8Array[]): Promise<boolean> {
    let won = false;
    await this.#writeBeside(file, parts, async (temporary, stat) => {
      try {
        await this.#rename("create", temporary, file, stat, "NONE");
        won = true;
      } catch (error) {
        if (!(error instanceof Error) || Reflect.get(error, "code") !== "FILE_EXISTS") throw error;
        await this.remove(temporary);
      }
    });
    return won;
  }

  create(file: Location): Promise<FileWriter> {
    return this.#create(file, { overwrite: true, createparent: false });
  }

  /** One rename. */
  async publish(staged: Location, target: Location): Promise<void> {
    const stat = await this.#stat("publish", staged);
    if (stat === undefined) throw notFound("publish", staged);
    await this.#rename(`publish as ${target} what is staged at`, staged, target, stat, "OVERWRITE");
  }

  async makeDirectory(directory: Location): Promise<void> {
    const answer = await this.#hdfs.patiently("make the directory", directory, () =>
      this.#hdfs.ask({ method: "PUT", op: "MKDIRS", path: directory }),
    );
    if (fieldIn(answer, "boolean") !== true) throw refused("make the directory", directory);
  }

  async remove(path: Location): Promise<void> {
    if (path === locations.rootOf(path)) {
      throw fileErrors.forbidden(
        `could not remove ${path}: a whole file system is not removed. Name a directory in it.`,
        {
          fields: { path },
        },
      );
    }
    await this.#hdfs.patiently("remove", path, async () => {
      try {
        await this.#hdfs.ask({ method: "DELETE", op: "DELETE", path, parameters: { recursive: true } });
      } catch (error) {
        if (!isNothingThere(error)) throw error;
      }
    });
  }

  /** Writes a file whole under a name of its own, and removes it if it does not get its final one. */
  async #writeBeside(
    file: Location,
    parts: readonly Uint8Array[],
    rename: (temporary: Location, stat: HdfsStat) => Promise<void>,
  ): Promise<void> {
    const temporary = locations.within(locations.parentOf(file), temporaryName(locations.nameIn(file)));
    try {
      await this.#hdfs.patiently("write", file, async () => {
        const writer = await this.#create(temporary, { overwrite: true });
        for (const part of parts) if (part.length > 0) await writer.write(part);
        await writer.finish();
      });
      const stat = await this.#stat("write", temporary);
      if (stat === undefined) throw notFound("write", temporary);
      await rename(temporary, stat);
    } catch (error) {
      await this.remove(temporary).catch(() => {}); // the first error is the one to report
      throw error;
    }
  }

  async #create(file: Location, parameters: Readonly<Record<string, boolean>>): Promise<HdfsWriter> {
    const url = await this.#hdfs.patiently("create", file, () =>
      this.#hdfs.place({ method: "PUT", op: "CREATE", path: file, parameters }),
    );
    return new HdfsWriter(this.#hdfs, file, this.#hdfs.upload(url, "PUT"), {
      token: async () => (await this.#stat("examine", file))?.version ?? "",
      remove: () => this.remove(file),
    });
  }

  /** @param stat Of what is renamed: by its number it is known under the new name, if an answer was lost. */
  #rename(what: string, from: Location, to: Location, stat: HdfsStat, option: "NONE" | "OVERWRITE"): Promise<void> {
    const destination = to.slice(locations.rootOf(to).length);
    const parameters = { destination, renameoptions: option };
    return this.#hdfs.patiently(what, from, async () => {
      try {
        const answer = await this.#hdfs.ask({ method: "PUT", op: "RENAME", path: from, parameters });
        // Without options, and perhaps with them, a refusal is an answer like any other.
        if (fieldIn(answer, "boolean") === false) throw refused(what, from);
      } catch (error) {
        const done = isNothingThere(error) || isTaken(error);
        if (done && (await this.#stat("examine", to))?.id === stat.id) return;
        throw error;
      }
    });
  }

  #stat(what: string, path: Location): Promise<HdfsStat | undefined> {
    return this.#hdfs.patiently(what, path, () => this.#statOnce(path));
  }

  async #statOnce(path: Location): Promise<HdfsStat | undefined> {
    try {
      return statOf(fieldIn(await this.#hdfs.ask({ method: "GET", op: "GETFILESTATUS", path }), "FileStatus"));
    } catch (error) {
      if (isNothingThere(error)) return undefined;
      throw error;
    }
  }
}

/**
 * A file system for `hdfs://HOST/path`. `import "@millrace/hdfs"` is enough to use it with the options of the environment; with
 * others, register it at the top of a module of the job: `registerFileSystem("hdfs", () => hdfsFiles({ nameNodes }))`.
 *
 * @param scheme `webhdfs` for locations that have the HTTP address of their name node.
 * @throws FILE_SYSTEM_REFUSED The options are not valid.
 */
export function hdfsFiles(options: HdfsOptions = {}, scheme: "hdfs" | "webhdfs" = "hdfs"): FileSystem {
  return new HdfsFiles(scheme, new WebHdfs(settingsOf(options, process.env, userInfo().username)));
}

function statOf(status: unknown): HdfsStat {
  const bytes = numberIn(status, "length");
  const modifiedMs = numberIn(status, "modificationTime");
  const id = numberIn(status, "fileId");
  const kind = textIn(status, "type") === "DIRECTORY" ? "directory" : "file";
  return { kind, bytes, modifiedMs, id, version: kind === "file" ? `${bytes}@${modifiedMs}#${id}` : "" };
}

/** As the engine names its own: what a kill has left in a folder of state is removed with the rest. */
function temporaryName(name: string): string {
  return `.${name}.${process.pid}-${threadId}-${randomInt(2 ** 47)}.tmp`;
}

function notFound(what: string, path: Location): Error {
  return fileErrors.notFound(`could not ${what} ${path}: nothing is there. Check the path.`, { fields: { path } });
}

function refused(what: string, path: Location): Error {
  return new HdfsRefusal(200, "", `HDFS has not done it, and does not say why (${what} ${path})`);
}
