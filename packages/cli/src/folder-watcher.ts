import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";
import { thrownMessage } from "@millrace/base";
import type { FileWatcher } from "./engine.ts";
import { filesNotWatched } from "./errors.ts";

/** Watches folders and not files: editors replace a file when they save it, and one that is missing may come. */
export class FolderWatcher implements FileWatcher {
  readonly #onChange: (path: string) => void;
  readonly #onWarning: (message: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(onChange: (path: string) => void, onWarning: (message: string) => void) {
    this.#onChange = onChange;
    this.#onWarning = onWarning;
  }

  add(file: string): void {
    const folder = dirname(file);
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, (_, name) => this.#onChange(name === null ? folder : join(folder, name)));
      watcher.on("error", () => this.#forget(folder)); // the folder is gone: it is watched again when a file is read there
      this.#watchers.set(folder, watcher);
    } catch (error) {
      const { message } = filesNotWatched(
        `${folder} cannot be watched: ${thrownMessage(error)}. The job runs, and is not started again when files change there. ` +
          "Raise the limit that this names, such as fs.inotify.max_user_watches, or start the job again yourself.",
      );
      this.#onWarning(message);
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #forget(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
