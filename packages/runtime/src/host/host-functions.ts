import type { AnyFunction } from "@millrace/plan";
import type { TaskFiles } from "../ports.ts";
import { localTaskFiles } from "../slot/local-files.ts";
import { piped } from "./pipe.ts";
import { wholeFile } from "./whole-file.ts";

type Factories = Readonly<Record<string, (files: TaskFiles) => (...captures: never[]) => AnyFunction>>;

/**
 * The engine's functions that touch files and processes, by id: like those of `engine-functions.ts` in plan, which touch
 * nothing.
 */
const FACTORIES: Factories = {
  "millrace:pipe": () => piped,
  "millrace:readText": (files) => () => (path: string) => [path, wholeFile(files, path).toString("utf8")],
  "millrace:readBytes": (files) => () => (path: string) => [path, new Uint8Array(wholeFile(files, path))],
};

/** The function of an id with what its use captured; `undefined` if it is none of these. */
export function hostFunction(
  id: string,
  captures: readonly unknown[],
  files: TaskFiles = localTaskFiles,
): AnyFunction | undefined {
  return FACTORIES[id]?.(files)(...(captures as never[])); // the planner gives each factory the captures it takes
}
