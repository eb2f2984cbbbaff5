// For tests only: evaluates both builds of a job in this process and ships functions from one to the other.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { SourceSite } from "@millrace/base";
import { type Artefact, installArtefact, packArtefact } from "./artefact.ts";
import { bundleJob } from "./bundle-job.ts";
import { externalLoader } from "./externals.ts";

export type Callable = (...args: unknown[]) => unknown;

interface Tag {
  readonly id: string;
  readonly captures: () => readonly unknown[];
  readonly names: readonly string[];
  readonly site: SourceSite;
  readonly assigned: readonly string[] | undefined;
  readonly refusals: readonly { readonly message: string; readonly site: SourceSite }[] | undefined;
}

/** A process's side of the hooks in the injected code. */
class FakeHooks {
  readonly tags = new Map<unknown, Tag>();
  readonly factories = new Map<string, Callable>();
  readonly classes = new Map<string, Callable>();
  readonly classIds = new Map<unknown, string>();
  readonly imports = new Map<string, unknown>();

  tag(
    fn: unknown,
    id: string,
    captures: Tag["captures"],
    names: Tag["names"],
    site: SourceSite,
    assigned?: Tag["assigned"],
    refusals?: Tag["refusals"],
  ): unknown {
    this.tags.set(fn, { id, captures, names, site, assigned, refusals });
    return fn;
  }

  define(id: string, factory: Callable): void {
    if (this.factories.has(id)) throw new Error(`defined twice: ${id}`);
    this.factories.set(id, factory);
  }

  defineClass(id: string, type: Callable): void {
    this.classes.set(id, type);
    this.classIds.set(type, id);
  }

  defineImport(id: string, value: unknown): void {
    this.imports.set(id, value);
  }
}

export interface Lab {
  readonly folder: string;
  readonly artefact: Artefact;
  readonly driver: FakeHooks;
  readonly executor: FakeHooks;
  /** The driver build's default export. */
  readonly job: unknown;
  /** Converts a value of the driver to the form that an executor receives. */
  ship(value: unknown): unknown;
  close(): Promise<void>;
}

let loads = 0;

/** Writes the files to a folder of their own, bundles `job.ts` and evaluates both builds. */
export async function openLab(files: Readonly<Record<string, string>>, entry = "job.ts"): Promise<Lab> {
  return openLabIn(await writeFiles(files), entry);
}

/** The same for a job in a folder that is there; the lab removes it. */
export async function openLabIn(folder: string, entry: string): Promise<Lab> {
  const artefact = await bundleJob(join(folder, entry));
  const installed = await installArtefact(packArtefact(artefact), join(folder, ".out"));
  const driver = new FakeHooks();
  const executor = new FakeHooks();
  const job = await load(installed.driver, driver, folder);
  await load(installed.executor, executor, folder);
  return {
    folder,
    artefact,
    driver,
    executor,
    job,
    ship: (value) => new Shipping(driver, executor).ship(value),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export async function writeFiles(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-bundler-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

class Receiver {
  readonly kind = "receiver";
}

const MILLRACE = {
  defineJob: (options: unknown, build: unknown) => ({ options, build }),
  seconds: (n: number) => n * 1000,
  Receiver,
};

async function load(path: string, hooks: FakeHooks, folder: string): Promise<unknown> {
  const world = globalThis as unknown as Record<symbol, unknown>; // where the injected code looks
  world[Symbol.for("millrace.module")] = MILLRACE;
  world[Symbol.for("millrace.job")] = hooks;
  world[Symbol.for("millrace.external")] = externalLoader([folder]);
  // A fresh instance each time, by Node's own loader: a test runner's would rewrite the module.
  const url = `${pathToFileURL(path).href}?load=${++loads}`;
  const loaded: { default: unknown } = await nativeImport(url);
  return loaded.default;
}

const nativeImport: (url: string) => Promise<{ default: unknown }> = createRequire(import.meta.url)(
  "node:vm",
).runInThisContext("(url) => import(url)", {
  importModuleDynamically: createRequire(import.meta.url)("node:vm").constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});

/** Copies values as a codec would: by content, functions and classes by id, with cycles. */
class Shipping {
  readonly #from: FakeHooks;
  readonly #to: FakeHooks;
  readonly #done = new Map<unknown, unknown>();

  constructor(from: FakeHooks, to: FakeHooks) {
    this.#from = from;
    this.#to = to;
  }

  ship(value: unknown): unknown {
    if (typeof value === "function") return this.#shipFunction(value as Callable);
    if (typeof value === "symbol") throw new Error("a symbol does not ship");
    if (typeof value !== "object" || value === null) return value;
    if (this.#done.has(value)) return this.#done.get(value);
    return this.#shipObject(value);
  }

  #shipFunction(fn: Callable): unknown {
    const classId = this.#from.classIds.get(fn);
    const known = this.#done.get(fn);
    if (known !== undefined) return known;
    if (classId !== undefined) return this.#to.classes.get(classId);
    const tag = this.#from.tags.get(fn);
    if (tag === undefined) return this.#shipByName(fn);
    if (tag.refusals?.[0]) throw new Error(`refused: ${tag.refusals[0].message}`);
    const factory = this.#to.factories.get(tag.id);
    if (factory === undefined) throw new Error(`no factory for ${tag.id}`);
    let made: Callable | undefined;
    // Functions that capture the one being made call it through this.
    const forward = function (this: unknown, ...args: unknown[]): unknown {
      if (made === undefined) throw new Error(`${tag.id} was called while it was made`);
      return new.target ? Reflect.construct(made, args) : made.apply(this, args);
    };
    this.#done.set(fn, forward);
    made = factory(...tag.captures().map((value) => this.ship(value))) as Callable;
    this.#done.set(fn, made);
    return made;
  }

  #shipByName(fn: Callable): unknown {
    for (const [id, value] of this.#from.imports) if (value === fn) return this.#to.imports.get(id);
    for (const builtin of [Number, String, Boolean, JSON.parse, parseInt, Math.max] as unknown[]) {
      if (builtin === fn) return fn;
    }
    throw new Error(`not shippable: ${fn.name}`);
  }

  #shipObject(value: object): unknown {
    if (value instanceof Date) return new Date(value);
    if (value instanceof RegExp) return new RegExp(value);
    if (value instanceof Map)
      return this.#keep(value, new Map([...value].map(([k, v]) => [this.ship(k), this.ship(v)])));
    if (value instanceof Set) return this.#keep(value, new Set([...value].map((one) => this.ship(one))));
    const copy: object = Array.isArray(value) ? [] : Object.create(this.#prototypeOf(value));
    this.#done.set(value, copy);
    for (const [key, one] of Object.entries(value)) Reflect.set(copy, key, this.ship(one));
    return copy;
  }

  #keep(from: object, to: object): object {
    this.#done.set(from, to);
    return to;
  }

  #prototypeOf(value: object): object {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return Object.prototype;
    const id = this.#from.classIds.get(value.constructor);
    const type = id === undefined ? undefined : this.#to.classes.get(id);
    if (type === undefined) throw new Error(`an instance of ${value.constructor.name} does not ship`);
    return type.prototype as object;
  }
}
