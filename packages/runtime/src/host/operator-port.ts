import type { ClassTable } from "@millrace/codec";
import type { OperatorPort } from "@millrace/operators";
import type { TaskFiles } from "../ports.ts";
import { type PipeHost, piped } from "./pipe.ts";
import { wholeFile, wholeText } from "./whole-file.ts";

/** What a slot gives to the engine's operators: the job's classes, its files, and commands. */
export function operatorPort(
  slot: { readonly classes: ClassTable; readonly files: TaskFiles } & PipeHost,
): OperatorPort {
  const { classes, files, commands, lineBytesMax } = slot;
  return {
    classes,
    pipe: (command, capture) => piped(command, capture, { commands, lineBytesMax }),
    readText: (file) => wholeText(files, file),
    readBytes: (file) => new Uint8Array(wholeFile(files, file)),
  };
}
