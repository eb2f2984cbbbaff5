import { fileSystemUnknown } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { type Location, parseLocation, schemeOf } from "./location.ts";
import { packageOf, registeredFileSystem, registeredSchemes } from "./registered.ts";

export interface FileSystemsOptions {
  /** The built-in file systems. Others are those registered on this thread with `registerFileSystem`. */
  readonly systems: readonly FileSystem[];
  /** The base of relative paths. */
  readonly directory: string;
  /** Loads the file system of a package that the job does not import; `undefined` if there is none. */
  readonly installed?: (scheme: string) => FileSystem | undefined;
}

/** The file systems of a thread, by scheme. */
export class FileSystems {
  readonly #byScheme: ReadonlyMap<string, FileSystem>;
  readonly #directory: string;
  readonly #installed: (scheme: string) => FileSystem | undefined;

  constructor({ systems, directory, installed = () => undefined }: FileSystemsOptions) {
    this.#installed = installed;
    this.#byScheme = new Map(systems.map((system) => [system.scheme, system]));
    this.#directory = directory;
  }

  /**
   * Parses a path as an author writes it: the only place that does.
   *
   * @throws FILE_SYSTEM_UNKNOWN Its scheme has no file system, or it is malformed.
   */
  parse(text: string): Location {
    const location = parseLocation(text, this.#directory);
    this.for(location);
    return location;
  }

  /** @throws FILE_SYSTEM_UNKNOWN */
  for(location: Location): FileSystem {
    const scheme = schemeOf(location);
    const system = this.#byScheme.get(scheme) ?? registeredFileSystem(scheme) ?? this.#installed(scheme);
    if (system !== undefined) return system;
    const name = packageOf(scheme);
    const remedy =
      name === undefined
        ? `Use one of them, or import the package that registers "${scheme}:"`
        : `Run \`npm install ${name}\`, and write \`import "${name}"\` in the job`;
    const known = [...this.#byScheme.keys(), ...registeredSchemes()].map((one) => `${one}:`);
    throw fileSystemUnknown(
      `${JSON.stringify(location)} names the file system "${scheme}:", which is not installed here. Nothing is read or written. ` +
        `Known: ${known.join(", ")}. ` +
        `${remedy}; for a relative path with a colon, begin it with "./".`,
      { fields: { location, scheme } },
    );
  }
}
