import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DriverFiles, FileEntry } from "@millrace/api/host";

/** The files of this machine, as the driver's side of a job sees them. */
export class DriverFileSystem implements DriverFiles {
  readonly #resolve: (path: string) => string;

  constructor(resolve: (path: string) => string) {
    this.#resolve = resolve;
  }

  resolve(path: string): string {
    return this.#resolve(path.startsWith("file://") ? path.slice("file://".length) : path);
  }

  async stat(path: string): Promise<FileEntry | undefined> {
    const found = await absentAsUndefined(stat(path));
    if (found === undefined) return undefined;
    return { path, kind: found.isDirectory() ? "directory" : "file", bytes: found.size, modifiedMs: found.mtimeMs };
  }

  async list(directory: string): Promise<readonly FileEntry[] | undefined> {
    const names = await absentAsUndefined(readdir(directory));
    if (names === undefined) return undefined;
    const entries = await Promise.all(names.map((name) => this.stat(join(directory, name))));
    return entries.filter((entry) => entry !== undefined);
  }

  async makeDirectory(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
  }

  async writeFile(path: string, content: Uint8Array): Promise<void> {
    const file = await open(path, "w");
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }
}

async function absentAsUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code; // what fs rejects with
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
