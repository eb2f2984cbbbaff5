import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { mkdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { type Artefact, packArtefact, unpackArtefact } from "./artefact.ts";
import { settingsAround } from "./job-settings.ts";

/** Must be increased when the same sources yield a different bundle, so that older bundles are not used. */
const BUNDLER_VERSION = 3;

/**
 * The directory in which this machine caches bundles by content, for the command line and for tests of jobs; `undefined` for
 * a user without a home, such as the number of a user that a container was given: nothing is cached then.
 *
 * @param home Throws if there is none.
 */
export function bundleCacheDir(env: NodeJS.ProcessEnv, home: () => string = homedir): string | undefined {
  const cache = env.XDG_CACHE_HOME || cacheBelow(home);
  return cache === undefined ? undefined : join(cache, "millrace", "bundles");
}

function cacheBelow(home: () => string): string | undefined {
  try {
    const folder = home();
    return folder === "" ? undefined : join(folder, ".cache"); // `HOME=` would cache beside the job
  } catch {
    return undefined;
  }
}

const FILES = v.array(
  v.object({
    path: v.string(),
    /**
     * SHA-256 of the content or, for files of packages, size and modification time; "absent" if there is no such file.
     */
    state: v.string(),
  }),
);
const ENTRY = v.object({
  hash: v.string(),
  inputs: FILES,
  /** What the meaning of its imports depends on. */
  settings: FILES,
});
type CacheEntry = v.InferOutput<typeof ENTRY>;

interface CachedBundle {
  readonly artefact: Artefact;
  /** The author's files that it was made of. */
  readonly files: readonly string[];
}

/** Bundles on disk: for each job file the inputs of its last bundle, and the bundles by hash. */
export class JobCache {
  readonly #dir: string;
  readonly #entryPath: string;
  readonly #file: string;

  /** @param options Everything else that affects the bundle, as text. */
  constructor(dir: string, file: string, options: string) {
    const key = createHash("sha256")
      .update(JSON.stringify([BUNDLER_VERSION, file, options]))
      .digest("hex");
    this.#dir = dir;
    this.#file = file;
    this.#entryPath = join(dir, "jobs", `${key.slice(0, 40)}.json`);
  }

  /** The cached bundle for this file, if none of its inputs has changed since. Never fails: a cache may be lost. */
  async find(): Promise<CachedBundle | undefined> {
    try {
      const { hash, inputs, settings } = await this.#entry();
      if ([...inputs, ...settings].some(({ path, state }) => stateOf(path) !== state)) return undefined;
      const files = inputs.map(({ path }) => path).filter((path) => !isInPackage(path));
      return { artefact: unpackArtefact(await readFile(this.#artefactPath(hash))), files };
    } catch {
      return undefined;
    }
  }

  /**
   * Caches an artefact with its inputs: paths, with the text that was read if known, so that a file that changed
   * meanwhile is noticed. A full disk is no reason to fail a job that is already bundled.
   */
  async keep(artefact: Artefact, inputs: ReadonlyMap<string, string | undefined>): Promise<void> {
    const files = [...inputs].map(([path, text]) => ({
      path,
      state: text === undefined ? stateOf(path) : hashOf(text),
    }));
    const own = files.map(({ path }) => path).filter((path) => !isInPackage(path));
    const settings = settingsAround([this.#file, ...own]).map((path) => ({ path, state: stateOf(path) }));
    const entry: CacheEntry = { hash: artefact.hash, inputs: files, settings };
    try {
      await mkdir(join(this.#dir, "jobs"), { recursive: true });
      const before = await this.#entry().catch(() => undefined);
      await replace(this.#artefactPath(artefact.hash), packArtefact(artefact));
      await replace(this.#entryPath, JSON.stringify(entry));
      // Only one bundle per job file is kept, so that the folder stays small however often a job is edited.
      if (before && before.hash !== artefact.hash) await unlink(this.#artefactPath(before.hash));
    } catch {
      return;
    }
  }

  async #entry(): Promise<CacheEntry> {
    return v.parse(ENTRY, JSON.parse(await readFile(this.#entryPath, "utf8")));
  }

  #artefactPath(hash: string): string {
    return join(this.#dir, `${hash}.artefact`);
  }
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.${process.hrtime.bigint()}.tmp`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}

function stateOf(path: string): string {
  try {
    if (isInPackage(path)) {
      const { size, mtimeMs } = statSync(path);
      return `${size} ${mtimeMs}`;
    }
    return hashOf(readFileSync(path, "utf8"));
  } catch {
    return "absent";
  }
}

function isInPackage(path: string): boolean {
  return path.includes("/node_modules/");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
