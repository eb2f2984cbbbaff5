import type { AnyFunction } from "@millrace/operators";
import type { Commands, TaskFiles } from "../ports.ts";
import { type PipeOptions, piped } from "./pipe.ts";
import { wholeFile, wholeText } from "./whole-file.ts";

/** What these functions touch. */
export interface HostPorts {
  readonly files: TaskFiles;
  readonly commands: Commands;
}

type Factories = Readonly<Record<string, (ports: HostPorts) => (...captures: never[]) => AnyFunction>>;

/**
 * The engine's functions that touch files and processes, by id: like those of `engine-functions.ts` in plan, which touch
 * nothing.
 */
const FACTORIES: Factories = {
  "millrace:pipe":
    ({ commands }) =>
    (command: readonly string[], options: PipeOptions) =>
      piped(command, options, commands),
  "millrace:readText":
    ({ files }) =>
    () =>
    ([path, version]: readonly [path: string, version: string]) => [path, wholeText(files, { path, version })],
  "millrace:readBytes":
    ({ files }) =>
    () =>
    ([path, version]: readonly [path: string, version: string]) => [
      path,
      new Uint8Array(wholeFile(files, { path, version })),
    ],
};

/** The function of an id with what its use captured; `undefined` if it is none of these. */
export function hostFunction(id: string, captures: readonly unknown[], ports: HostPorts): AnyFunction | undefined {
  return FACTORIES[id]?.(ports)(...(captures as never[])); // the planner gives each factory the captures it takes
}
