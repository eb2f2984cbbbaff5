import { EngineError, thrownMessage } from "@millrace/base";
import { type FileAccess, fileNotFound, type Location, rootOf, within } from "@millrace/files";
import type { EnginePort } from "../port/engine-port.ts";
import type { Connection } from "../port/graph-port.ts";

/** Something that a job reads or writes and that is not part of it. */
export interface Outside extends Pick<Connection, "name" | "use"> {
  /** Tries once to reach it. Absent: there is no way to try. */
  readonly probe?: (() => void | Promise<void>) | undefined;
}

/** Tries to reach all of them at once, each once. Never rejects. */
export function connectTo(outside: readonly Outside[]): Promise<readonly Connection[]> {
  return Promise.all(
    outside.map(async ({ name, use, probe }): Promise<Connection> => {
      if (probe === undefined) return { name, use, state: "untried", problem: undefined };
      try {
        await probe();
        return { name, use, state: "reached", problem: undefined };
      } catch (error) {
        return { name, use, state: "failed", problem: { code: codeOf(error), message: thrownMessage(error) } };
      }
    }),
  );
}

/** A file or directory. @param path May have wildcards: what is before them is looked for. */
export function placeOutside(
  { files }: Pick<EnginePort, "files">,
  { path, use }: { readonly path: Location; readonly use: Connection["use"] },
): Outside {
  const system = files.for(path);
  const access: FileAccess = use === "source" ? "read" : "write";
  const at = withoutWildcards(path);
  const look = async (): Promise<void> => {
    if ((await system.stat(at)) === undefined && access === "read")
      throw fileNotFound(`nothing is at ${at}. Create it, or correct the path.`, { fields: { path: at } });
  };
  return { name: path, use, probe: () => system.probe?.(at, access) ?? look() };
}

function withoutWildcards(path: Location): Location {
  const root = rootOf(path);
  const names = path
    .slice(root.length)
    .split("/")
    .filter((name) => name !== "");
  const first = names.findIndex((name) => /[*?[{]/.test(name));
  return first === -1 ? path : within(root, ...names.slice(0, first));
}

/** Errors of packages have codes, too. */
function codeOf(error: unknown): string {
  if (error instanceof EngineError) return error.code;
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : "UNEXPECTED";
}
