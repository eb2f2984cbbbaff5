import type { EngineError } from "@millrace/base";
import { type FileSystem, fileSystemUnknown } from "./port.ts";

/** A scheme has two letters or more, so that a Windows drive is none. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/** `s3` of `s3://bucket/a`; a path without a scheme is a `file`. */
export function schemeOf(location: string): string {
  return SCHEME.exec(location)?.[1]?.toLowerCase() ?? "file";
}

/**
 * The system's path of a location: the one place where driver and tasks read what an author wrote. A plain path is taken as
 * it is. After `file:`, `file://` or `file://localhost` it is percent-decoded, as in a URL; `?`, `#` and `\` are characters of
 * the path nevertheless, so that wildcards mean the same with the scheme and without it.
 *
 * @returns Absolute or relative, as the location was.
 * @throws FILE_SYSTEM_UNKNOWN It has another scheme, names another host, or is not well-formed.
 */
export function localPath(location: string): string {
  const scheme = schemeOf(location);
  if (scheme !== "file") throw unknownSystem(location, ["file"]);
  if (!/^file:/i.test(location)) return location;
  const [, host, encoded = ""] = /^file:(?:\/\/([^/]*))?(.*)$/is.exec(location) ?? [];
  if (host !== undefined && host !== "" && host.toLowerCase() !== "localhost") {
    throw malformed(location, `it names the host ${JSON.stringify(host)}`);
  }
  if (encoded === "") throw malformed(location, "it has no path");
  // An encoded slash would change what the path's names are; no name holds a NUL.
  if (/%2f|%00/i.test(encoded)) throw malformed(location, "a name in it holds an encoded slash or NUL");
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    throw malformed(
      location,
      'a "%" in it does not begin an encoded character; write "%25" for the character itself',
      error,
    );
  }
}

function malformed(location: string, why: string, cause?: unknown): EngineError {
  return fileSystemUnknown(
    `${JSON.stringify(location)} is not a URL of a file of this machine: ${why}. Write file:///absolute/path, or the path alone.`,
    { fields: { location }, ...(cause === undefined ? {} : { cause }) },
  );
}

function unknownSystem(location: string, known: readonly string[]): EngineError {
  const scheme = schemeOf(location);
  return fileSystemUnknown(
    `${JSON.stringify(location)} names the file system "${scheme}:", which is not installed here. Nothing is read or written. ` +
      `Known: ${known.map((one) => `${one}:`).join(", ")}. ` +
      `Use one of them, or install the connector that brings "${scheme}:"; for a relative path with a colon, begin it with "./".`,
    { fields: { location, scheme } },
  );
}

/** The file systems a process knows, chosen by the scheme of a path. */
export class FileSystems {
  readonly #byScheme: ReadonlyMap<string, FileSystem>;

  constructor(systems: readonly FileSystem[]) {
    this.#byScheme = new Map(systems.map((system) => [system.scheme, system]));
  }

  /** @throws FILE_SYSTEM_UNKNOWN No file system of that scheme is installed. */
  for(location: string): FileSystem {
    const system = this.#byScheme.get(schemeOf(location));
    if (system !== undefined) return system;
    throw unknownSystem(location, [...this.#byScheme.keys()]);
  }
}
