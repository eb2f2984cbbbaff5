import { posix, resolve } from "node:path";
import { type Brand, branded, type EngineError } from "@millrace/base";
import { fileSystemUnknown } from "./errors.ts";

/**
 * The place of a file or directory, by one rule for driver and tasks: `/absolute/path` for this machine's own files,
 * and `scheme://rest`, as its file system takes it, for any other. It says which file system serves it, needs no
 * working directory, and is its own text: messages show it, and the wire carries it.
 *
 * Made from what an author wrote, once, and from other locations; nothing else makes one.
 */
export type Location = Brand<string, "Location">;

/** The scheme of this machine's own files. */
export const LOCAL_SCHEME = "file";

/** A scheme has at least two letters, so that a Windows drive is not one. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/** `s3` of `s3://bucket/a`; a path without a scheme is a `file`. */
export function schemeOf(text: string): string {
  return SCHEME.exec(text)?.[1]?.toLowerCase() ?? LOCAL_SCHEME;
}

/**
 * Parses a path as an author writes it. A plain path is taken literally, and relative to `directory` if it is not
 * absolute. After `file:`, `file://` or `file://localhost` it is percent-decoded, as in a URL, but `?`, `#` and `\` are
 * ordinary characters, so that wildcards mean the same with and without the scheme. For other schemes the rest is left
 * to the file system, except for trailing slashes.
 *
 * @throws FILE_SYSTEM_UNKNOWN It is malformed, or names files of another machine.
 */
export function parseLocation(text: string, directory: string): Location {
  const scheme = schemeOf(text);
  if (scheme === LOCAL_SCHEME) return branded<Location>(resolve(directory, localPath(text)));
  const rest = text.slice(scheme.length + 1);
  if (!rest.startsWith("/")) {
    throw fileSystemUnknown(
      `${JSON.stringify(text)} is not a location: no slash follows "${scheme}:", and relative paths have no scheme. ` +
        `Nothing is read or written. Write ${scheme}://…; for a relative path with a colon, begin it with "./".`,
      { fields: { location: text, scheme } },
    );
  }
  const below = rest.startsWith("//") ? rest.slice(2) : rest;
  return branded<Location>(`${scheme}://${below.replace(/\/+$/, "")}`);
}

/** The location with this text, which has crossed a wire or a thread. */
export function locationFrom(text: string): Location {
  return branded<Location>(text);
}

/** The last name of a location; "" for a root. */
export function nameIn(location: Location): string {
  return location === rootOf(location) ? "" : location.slice(location.lastIndexOf("/") + 1);
}

/** The parent directory. */
export function parentOf(location: Location): Location {
  const root = rootOf(location);
  const cut = location.lastIndexOf("/");
  return branded<Location>(cut < root.length ? root : location.slice(0, cut));
}

/** The location of nested `names` in a directory. */
export function within(directory: Location, ...names: readonly string[]): Location {
  return branded<Location>(posix.isAbsolute(directory) ? posix.join(directory, ...names) : joined(directory, names));
}

/** `/` for this machine's files, `s3://bucket` for another file system's. */
export function rootOf(location: Location): Location {
  return branded<Location>(/^[^/]+:\/\/[^/]*/.exec(location)?.[0] ?? "/");
}

function joined(directory: string, names: readonly string[]): string {
  return [directory, ...names].join("/");
}

function localPath(text: string): string {
  if (!/^file:/i.test(text)) return text;
  const [, host, encoded = ""] = /^file:(?:\/\/([^/]*))?(.*)$/is.exec(text) ?? [];
  if (host !== undefined && host !== "" && host.toLowerCase() !== "localhost") {
    throw malformed(text, `it names the host ${JSON.stringify(host)}`);
  }
  if (encoded === "") throw malformed(text, "it has no path");
  // An encoded slash would change the path's names, and no name contains a NUL.
  if (/%2f|%00/i.test(encoded)) throw malformed(text, "a name in it holds an encoded slash or NUL");
  try {
    return decodeURIComponent(encoded);
  } catch (error) {
    throw malformed(text, 'a "%" in it does not begin an encoded character; write "%25" for a literal "%"', error);
  }
}

function malformed(location: string, why: string, cause?: unknown): EngineError {
  return fileSystemUnknown(
    `${JSON.stringify(location)} is not the URL of a file on this machine: ${why}. Write file:///absolute/path, or the path alone.`,
    { fields: { location }, ...(cause === undefined ? {} : { cause }) },
  );
}

/** Operations on locations for file systems of other packages. */
export interface Locations {
  /** The location of a path that is absolute, as an author would write it: `box://bucket/a`. @throws FILE_SYSTEM_UNKNOWN */
  of(text: string): Location;
  /** The location of nested `names` in a directory. */
  within(directory: Location, ...names: readonly string[]): Location;
  /** The parent directory; of a root, the root itself. */
  parentOf(location: Location): Location;
  /** The last name; "" for a root. */
  nameIn(location: Location): string;
  /** `s3://bucket` of `s3://bucket/a/b`. */
  rootOf(location: Location): Location;
}

/** See {@link Locations}: `locations.within(directory, "part-00000")`. */
export const locations: Locations = { of: (text) => parseLocation(text, "/"), within, parentOf, nameIn, rootOf };
