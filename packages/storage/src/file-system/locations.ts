import { type FileSystem, fileSystemUnknown } from "./port.ts";

/** A scheme has two letters or more, so that a Windows drive is none. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/** `s3` of `s3://bucket/a`; a path without a scheme is a `file`. */
export function schemeOf(location: string): string {
  return SCHEME.exec(location)?.[1]?.toLowerCase() ?? "file";
}

/** The file systems a process knows, chosen by the scheme of a path. */
export class FileSystems {
  readonly #byScheme: ReadonlyMap<string, FileSystem>;

  constructor(systems: readonly FileSystem[]) {
    this.#byScheme = new Map(systems.map((system) => [system.scheme, system]));
  }

  /** @throws FILE_SYSTEM_UNKNOWN No file system of that scheme is installed. */
  for(location: string): FileSystem {
    const scheme = schemeOf(location);
    const system = this.#byScheme.get(scheme);
    if (system !== undefined) return system;
    throw fileSystemUnknown(
      `${JSON.stringify(location)} names the file system "${scheme}:", which is not installed here. ` +
        `Known: ${[...this.#byScheme.keys()].map((known) => `${known}:`).join(", ")}. ` +
        `Use one of them, or install the connector that brings "${scheme}:"; for a relative path with a colon, begin it with "./".`,
      { fields: { location, scheme } },
    );
  }
}
